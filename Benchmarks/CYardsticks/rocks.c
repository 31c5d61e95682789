// RocksDB as an expert would use it: one column family, category and key concatenated on the stack, one write batch
// cleared and used again, pinned gets, iterators with both bounds.
#include "yard.h"

#include <rocksdb/c.h>

typedef struct {
  yard y;
  rocksdb_t *db;
  rocksdb_options_t *options;
  rocksdb_block_based_table_options_t *table;
  rocksdb_cache_t *cache;
  rocksdb_writeoptions_t *writing;
  rocksdb_readoptions_t *reading;
  rocksdb_writebatch_t *batch;
  /// Length of the category, then the category: how every key begins.
  uint8_t prefix[YARD_CATEGORY_MAX + 1];
  size_t prefix_size;
  /// Whether another store owns all but the options for reading.
  bool borrowed;
} yard_db;

typedef uint8_t full_key[YARD_CATEGORY_MAX + 1 + YARD_KEY_MAX];

static bool failed(yard_db *db, char *error, const char *doing) {
  yard_fail(&db->y, "rocks: %s: %s", doing, error);
  rocksdb_free(error);
  return false;
}

static inline size_t concatenate(yard_db *db, full_key buffer, const uint8_t *key) {
  memcpy(buffer, db->prefix, db->prefix_size);
  memcpy(buffer + db->prefix_size, key, db->y.key_size);
  return db->prefix_size + db->y.key_size;
}

// MARK: Writes

static bool write_all(
    yard_db *db, const uint8_t *keys, const uint8_t *payloads, size_t count, size_t batch, yard_latencies *latencies) {
  full_key buffer;
  size_t key_size = db->y.key_size, payload_size = db->y.payload_size;
  uint64_t since = yard_now();
  for (size_t i = 0; i < count; i += batch) {
    size_t end = count - i < batch ? count : i + batch;
    char *error = NULL;
    if (end - i == 1) {
      size_t size = concatenate(db, buffer, keys + i * key_size);
      if (payloads) {
        const char *payload = (const char *)payloads + i * payload_size;
        rocksdb_put(db->db, db->writing, (char *)buffer, size, payload, payload_size, &error);
      } else {
        rocksdb_delete(db->db, db->writing, (char *)buffer, size, &error);
      }
    } else {
      rocksdb_writebatch_clear(db->batch);
      for (size_t j = i; j < end; j++) {
        size_t size = concatenate(db, buffer, keys + j * key_size);
        if (payloads) {
          const char *payload = (const char *)payloads + j * payload_size;
          rocksdb_writebatch_put(db->batch, (char *)buffer, size, payload, payload_size);
        } else {
          rocksdb_writebatch_delete(db->batch, (char *)buffer, size);
        }
      }
      rocksdb_write(db->db, db->writing, db->batch, &error);
    }
    if (error) return failed(db, error, "write");
    uint64_t now = yard_now();
    yard_note(latencies, now - since);
    since = now;
  }
  return true;
}

static bool put(
    yard *y, const uint8_t *keys, const uint8_t *payloads, size_t count, size_t batch, yard_latencies *latencies) {
  return write_all((yard_db *)y, keys, payloads, count, batch, latencies);
}

static bool delete(yard *y, const uint8_t *keys, size_t count, size_t batch, yard_latencies *latencies) {
  return write_all((yard_db *)y, keys, NULL, count, batch, latencies);
}

static bool delete_ranges(yard *y, const uint8_t *keys, size_t count, yard_latencies *latencies) {
  yard_db *db = (yard_db *)y;
  full_key from, to;
  uint64_t since = yard_now();
  for (size_t i = 0; i < count; i++) {
    size_t from_size = concatenate(db, from, keys + 2 * i * y->key_size);
    size_t to_size = concatenate(db, to, keys + (2 * i + 1) * y->key_size);
    char *error = NULL;
    rocksdb_writebatch_clear(db->batch);
    rocksdb_writebatch_delete_range(db->batch, (char *)from, from_size, (char *)to, to_size);
    rocksdb_write(db->db, db->writing, db->batch, &error);
    if (error) return failed(db, error, "delete of a range");
    uint64_t now = yard_now();
    yard_note(latencies, now - since);
    since = now;
  }
  return true;
}

// MARK: Reads

static bool get(yard *y, const uint8_t *keys, size_t count, yard_tally *tally, yard_latencies *latencies) {
  yard_db *db = (yard_db *)y;
  full_key buffer;
  for (size_t i = 0; i < count; i++) {
    bool timed = latencies && i % YARD_STRIDE == 0;
    uint64_t since = timed ? yard_now() : 0;
    char *error = NULL;
    size_t size = concatenate(db, buffer, keys + i * y->key_size);
    rocksdb_pinnableslice_t *pinned = rocksdb_get_pinned(db->db, db->reading, (char *)buffer, size, &error);
    if (error) return failed(db, error, "get");
    if (pinned) {
      size_t payload_size;
      const char *payload = rocksdb_pinnableslice_value(pinned, &payload_size);
      void *copy = malloc(payload_size ? payload_size : 1);
      if (copy) memcpy(copy, payload, payload_size);
      rocksdb_pinnableslice_destroy(pinned);
      if (!copy) return yard_fail(y, "out of memory");
      tally->rows++;
      tally->checksum += yard_payload_sum(copy, payload_size);
      free(copy);
    }
    if (timed) yard_note(latencies, yard_now() - since);
  }
  return true;
}

/// An iterator over [lower, upper); both must stay where they are until it is destroyed.
static rocksdb_iterator_t *iterator(
    yard_db *db, rocksdb_readoptions_t *options, const uint8_t *lower, size_t lower_size, const uint8_t *upper,
    size_t upper_size) {
  rocksdb_readoptions_set_iterate_lower_bound(options, (const char *)lower, lower_size);
  rocksdb_readoptions_set_iterate_upper_bound(options, (const char *)upper, upper_size);
  return rocksdb_create_iterator(db->db, options);
}

static bool finish(yard_db *db, rocksdb_iterator_t *rows, rocksdb_readoptions_t *options) {
  char *error = NULL;
  rocksdb_iter_get_error(rows, &error);
  rocksdb_iter_destroy(rows);
  rocksdb_readoptions_destroy(options);
  return error ? failed(db, error, "scan") : true;
}

/// The first key past the category.
static void past_category(yard_db *db, uint8_t *next) {
  memcpy(next, db->prefix, db->prefix_size);
  next[db->prefix_size - 1]++;
}

/// Goes on from where the iterator stands; `limit` 0 is no limit.
static inline void take_rows(
    yard_db *db, rocksdb_iterator_t *rows, bool reverse, size_t limit, bool thorough, yard_tally *tally,
    yard_latencies *latencies) {
  uint64_t since = yard_now();
  size_t taken = 0;
  while (rocksdb_iter_valid(rows)) {
    size_t key_size, payload_size;
    const char *key = rocksdb_iter_key(rows, &key_size);
    const char *payload = rocksdb_iter_value(rows, &payload_size);
    yard_take(tally, thorough, key + db->prefix_size, key_size - db->prefix_size, payload, payload_size);
    taken++;
    if (taken == limit) break;
    yard_pace(latencies, taken, &since);
    if (reverse) rocksdb_iter_prev(rows);
    else rocksdb_iter_next(rows);
  }
}

static bool whole(yard_db *db, bool reverse, bool thorough, yard_tally *tally, yard_latencies *latencies) {
  uint8_t next[sizeof db->prefix];
  past_category(db, next);
  rocksdb_readoptions_t *options = rocksdb_readoptions_create();
  rocksdb_iterator_t *rows = iterator(db, options, db->prefix, db->prefix_size, next, db->prefix_size);
  if (reverse) rocksdb_iter_seek_to_last(rows);
  else rocksdb_iter_seek_to_first(rows);
  take_rows(db, rows, reverse, 0, thorough, tally, latencies);
  return finish(db, rows, options);
}

static bool visit(yard *y, bool reverse, yard_tally *tally, yard_latencies *latencies) {
  return whole((yard_db *)y, reverse, false, tally, latencies);
}

static bool verify(yard *y, yard_tally *tally) { return whole((yard_db *)y, false, true, tally, NULL); }

static bool seek(
    yard *y, const uint8_t *keys, size_t count, size_t rows, yard_tally *tally, yard_latencies *latencies) {
  yard_db *db = (yard_db *)y;
  full_key buffer;
  uint8_t next[sizeof db->prefix];
  past_category(db, next);
  uint64_t since = yard_now();
  for (size_t i = 0; i < count; i++) {
    size_t size = concatenate(db, buffer, keys + i * y->key_size);
    rocksdb_readoptions_t *options = rocksdb_readoptions_create();
    rocksdb_iterator_t *found = iterator(db, options, buffer, size, next, db->prefix_size);
    rocksdb_iter_seek_to_first(found);
    take_rows(db, found, false, rows, false, tally, NULL);
    if (!finish(db, found, options)) return false;
    uint64_t now = yard_now();
    yard_note(latencies, now - since);
    since = now;
  }
  return true;
}

static bool count(yard *y, const uint8_t *keys, size_t count, yard_tally *tally, yard_latencies *latencies) {
  yard_db *db = (yard_db *)y;
  full_key from, to;
  uint64_t since = yard_now();
  for (size_t i = 0; i < count; i++) {
    size_t from_size = concatenate(db, from, keys + 2 * i * y->key_size);
    size_t to_size = concatenate(db, to, keys + (2 * i + 1) * y->key_size);
    rocksdb_readoptions_t *options = rocksdb_readoptions_create();
    rocksdb_iterator_t *rows = iterator(db, options, from, from_size, to, to_size);
    for (rocksdb_iter_seek_to_first(rows); rocksdb_iter_valid(rows); rocksdb_iter_next(rows)) tally->rows++;
    if (!finish(db, rows, options)) return false;
    uint64_t now = yard_now();
    yard_note(latencies, now - since);
    since = now;
  }
  return true;
}

// MARK: Lifecycle

static void close_all(yard *y) {
  yard_db *db = (yard_db *)y;
  if (db->borrowed) {
    rocksdb_readoptions_destroy(db->reading);
    free(db);
    return;
  }
  if (db->db) rocksdb_close(db->db);
  rocksdb_writebatch_destroy(db->batch);
  rocksdb_readoptions_destroy(db->reading);
  rocksdb_writeoptions_destroy(db->writing);
  rocksdb_options_destroy(db->options);
  rocksdb_block_based_options_destroy(db->table);
  rocksdb_cache_destroy(db->cache);
  free(db);
}

/// A handle of RocksDB serves any number of threads: a reader is another pair of options.
static yard *open_reader(yard *store) {
  yard_db *base = (yard_db *)store, *db = calloc(1, sizeof *db);
  if (!db) return NULL;
  db->y = base->y;
  db->db = base->db;
  db->borrowed = true;
  db->reading = rocksdb_readoptions_create();
  memcpy(db->prefix, base->prefix, sizeof db->prefix);
  db->prefix_size = base->prefix_size;
  return &db->y;
}

static bool open_all(yard_db *db, const char *path, const yard_settings *settings) {
  db->options = rocksdb_options_create();
  db->table = rocksdb_block_based_options_create();
  db->cache = rocksdb_cache_create_lru(settings->cache_bytes);
  db->writing = rocksdb_writeoptions_create();
  db->reading = rocksdb_readoptions_create();
  db->batch = rocksdb_writebatch_create();
  rocksdb_options_set_create_if_missing(db->options, 1);
  rocksdb_options_set_compression(db->options, rocksdb_lz4_compression);
  rocksdb_options_set_write_buffer_size(db->options, settings->memtable_bytes);
  rocksdb_options_set_max_write_buffer_number(db->options, 3);
  rocksdb_options_set_max_background_jobs(db->options, 2);
  rocksdb_options_set_max_open_files(db->options, 64);
  rocksdb_options_set_info_log_level(db->options, 4);  // FATAL
  rocksdb_block_based_options_set_filter_policy(db->table, rocksdb_filterpolicy_create_bloom_full(10));
  rocksdb_block_based_options_set_block_cache(db->table, db->cache);
  rocksdb_options_set_block_based_table_factory(db->options, db->table);
  rocksdb_writeoptions_set_sync(db->writing, settings->durability == YARD_FULL);
  db->prefix[0] = (uint8_t)db->y.category_size;
  memcpy(db->prefix + 1, db->y.category, db->y.category_size);
  db->prefix_size = 1 + db->y.category_size;
  char *error = NULL;
  db->db = rocksdb_open(db->options, path, &error);
  return error ? failed(db, error, "open") : true;
}

static const yard_loops loops = {
    put, delete, delete_ranges, get, visit, seek, count, verify, open_reader, close_all};

yard *yard_open_rocks(const char *path, const yard_settings *settings, char *error, size_t error_size) {
  yard_db *db = calloc(1, sizeof *db);
  if (!db) return NULL;
  yard_prepare(&db->y, &loops, settings);
  if (open_all(db, path, settings)) return &db->y;
  snprintf(error, error_size, "%s", db->y.error);
  close_all(&db->y);
  return NULL;
}
