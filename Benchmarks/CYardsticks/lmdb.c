// LMDB as an expert would use it: one database, category and key concatenated on the stack, one read transaction
// that is renewed for each call and reset after it, puts straight into the write transaction.
#include "yard.h"

#include <lmdb.h>
#include <sys/stat.h>

typedef struct {
  yard y;
  MDB_env *env;
  MDB_dbi dbi;
  MDB_txn *reader;
  MDB_cursor *cursor;
  /// Whether another store owns the environment.
  bool borrowed;
  /// Length of the category, then the category: how every key begins.
  uint8_t prefix[YARD_CATEGORY_MAX + 1];
  size_t prefix_size;
} yard_db;

typedef uint8_t full_key[YARD_CATEGORY_MAX + 1 + YARD_KEY_MAX];

static bool failed(yard_db *db, int code, const char *doing) {
  return yard_fail(&db->y, "lmdb: %s: %s", doing, mdb_strerror(code));
}

static inline MDB_val concatenated(yard_db *db, full_key buffer, const uint8_t *key) {
  memcpy(buffer, db->prefix, db->prefix_size);
  memcpy(buffer + db->prefix_size, key, db->y.key_size);
  return (MDB_val){db->prefix_size + db->y.key_size, buffer};
}

// MARK: Writes

static bool write_all(
    yard_db *db, const uint8_t *keys, const uint8_t *payloads, size_t count, size_t batch, yard_latencies *latencies) {
  full_key buffer;
  uint64_t since = yard_now();
  for (size_t i = 0; i < count; i += batch) {
    size_t end = count - i < batch ? count : i + batch;
    MDB_txn *txn;
    int code = mdb_txn_begin(db->env, NULL, 0, &txn);
    if (code) return failed(db, code, "begin");
    for (size_t j = i; j < end; j++) {
      MDB_val key = concatenated(db, buffer, keys + j * db->y.key_size);
      if (payloads) {
        MDB_val payload = {db->y.payload_size, (void *)(payloads + j * db->y.payload_size)};
        code = mdb_put(txn, db->dbi, &key, &payload, 0);
      } else {
        code = mdb_del(txn, db->dbi, &key, NULL);
        if (code == MDB_NOTFOUND) code = 0;
      }
      if (code) {
        mdb_txn_abort(txn);
        return failed(db, code, "write");
      }
    }
    code = mdb_txn_commit(txn);
    if (code) return failed(db, code, "commit");
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

static bool before(const MDB_val *key, const MDB_val *stop) {
  size_t common = key->mv_size < stop->mv_size ? key->mv_size : stop->mv_size;
  int order = memcmp(key->mv_data, stop->mv_data, common);
  return order < 0 || (order == 0 && key->mv_size < stop->mv_size);
}

static int delete_range(yard_db *db, MDB_txn *txn, MDB_val key, const MDB_val *stop) {
  MDB_cursor *cursor;
  MDB_val payload;
  int code = mdb_cursor_open(txn, db->dbi, &cursor);
  if (code) return code;
  code = mdb_cursor_get(cursor, &key, &payload, MDB_SET_RANGE);
  while (code == 0 && before(&key, stop)) {
    code = mdb_cursor_del(cursor, 0);
    // After a delete the cursor stands before the row that follows.
    if (code == 0) code = mdb_cursor_get(cursor, &key, &payload, MDB_NEXT);
  }
  mdb_cursor_close(cursor);
  return code == MDB_NOTFOUND ? 0 : code;
}

static bool delete_ranges(yard *y, const uint8_t *keys, size_t count, yard_latencies *latencies) {
  yard_db *db = (yard_db *)y;
  full_key from, to;
  uint64_t since = yard_now();
  for (size_t i = 0; i < count; i++) {
    MDB_txn *txn;
    int code = mdb_txn_begin(db->env, NULL, 0, &txn);
    if (code) return failed(db, code, "begin");
    MDB_val stop = concatenated(db, to, keys + (2 * i + 1) * y->key_size);
    code = delete_range(db, txn, concatenated(db, from, keys + 2 * i * y->key_size), &stop);
    if (code) {
      mdb_txn_abort(txn);
      return failed(db, code, "delete of a range");
    }
    code = mdb_txn_commit(txn);
    if (code) return failed(db, code, "commit");
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
    int code = mdb_txn_renew(db->reader);
    if (code) return failed(db, code, "renew");
    MDB_val key = concatenated(db, buffer, keys + i * y->key_size), payload;
    code = mdb_get(db->reader, db->dbi, &key, &payload);
    void *copy = NULL;
    if (code == 0) {
      copy = malloc(payload.mv_size ? payload.mv_size : 1);
      if (copy) memcpy(copy, payload.mv_data, payload.mv_size);
    }
    mdb_txn_reset(db->reader);
    if (copy) {
      tally->rows++;
      tally->checksum += yard_payload_sum(copy, payload.mv_size);
      free(copy);
    } else if (code != MDB_NOTFOUND) {
      return code ? failed(db, code, "get") : yard_fail(y, "out of memory");
    }
    if (timed) yard_note(latencies, yard_now() - since);
  }
  return true;
}

static bool open_cursor(yard_db *db) {
  int code = mdb_txn_renew(db->reader);
  if (code == 0) code = mdb_cursor_renew(db->reader, db->cursor);
  return code == 0 || failed(db, code, "renew");
}

static inline bool in_category(yard_db *db, const MDB_val *key) {
  return key->mv_size >= db->prefix_size && memcmp(key->mv_data, db->prefix, db->prefix_size) == 0;
}

/// Goes on from the row the cursor stands on (`code` 0); `limit` 0 is no limit.
static inline bool take_rows(
    yard_db *db, int code, MDB_val key, MDB_val payload, MDB_cursor_op onward, size_t limit, bool thorough,
    yard_tally *tally, yard_latencies *latencies) {
  uint64_t since = yard_now();
  size_t rows = 0;
  while (code == 0 && in_category(db, &key)) {
    const uint8_t *bytes = key.mv_data;
    yard_take(
        tally, thorough, bytes + db->prefix_size, key.mv_size - db->prefix_size, payload.mv_data, payload.mv_size);
    rows++;
    if (rows == limit) break;
    yard_pace(latencies, rows, &since);
    code = mdb_cursor_get(db->cursor, &key, &payload, onward);
  }
  return code == 0 || code == MDB_NOTFOUND || failed(db, code, "scan");
}

static bool forward(yard_db *db, bool thorough, yard_tally *tally, yard_latencies *latencies) {
  if (!open_cursor(db)) return false;
  MDB_val key = {db->prefix_size, db->prefix}, payload;
  int code = mdb_cursor_get(db->cursor, &key, &payload, MDB_SET_RANGE);
  bool done = take_rows(db, code, key, payload, MDB_NEXT, 0, thorough, tally, latencies);
  mdb_txn_reset(db->reader);
  return done;
}

static bool visit(yard *y, bool reverse, yard_tally *tally, yard_latencies *latencies) {
  yard_db *db = (yard_db *)y;
  if (!reverse) return forward(db, false, tally, latencies);
  if (!open_cursor(db)) return false;
  // The first key past the category is its prefix with the last byte raised; the row before it is the last one.
  uint8_t next[sizeof db->prefix];
  memcpy(next, db->prefix, db->prefix_size);
  next[db->prefix_size - 1]++;
  MDB_val key = {db->prefix_size, next}, payload;
  int code = mdb_cursor_get(db->cursor, &key, &payload, MDB_SET_RANGE);
  if (code == 0 || code == MDB_NOTFOUND) {
    code = mdb_cursor_get(db->cursor, &key, &payload, code == 0 ? MDB_PREV : MDB_LAST);
  }
  bool done = take_rows(db, code, key, payload, MDB_PREV, 0, false, tally, latencies);
  mdb_txn_reset(db->reader);
  return done;
}

static bool verify(yard *y, yard_tally *tally) { return forward((yard_db *)y, true, tally, NULL); }

static bool seek(
    yard *y, const uint8_t *keys, size_t count, size_t rows, yard_tally *tally, yard_latencies *latencies) {
  yard_db *db = (yard_db *)y;
  full_key buffer;
  uint64_t since = yard_now();
  for (size_t i = 0; i < count; i++) {
    if (!open_cursor(db)) return false;
    MDB_val key = concatenated(db, buffer, keys + i * y->key_size), payload;
    int code = mdb_cursor_get(db->cursor, &key, &payload, MDB_SET_RANGE);
    bool done = take_rows(db, code, key, payload, MDB_NEXT, rows, false, tally, NULL);
    mdb_txn_reset(db->reader);
    if (!done) return false;
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
    if (!open_cursor(db)) return false;
    MDB_val key = concatenated(db, from, keys + 2 * i * y->key_size), payload;
    MDB_val stop = concatenated(db, to, keys + (2 * i + 1) * y->key_size);
    int code = mdb_cursor_get(db->cursor, &key, &payload, MDB_SET_RANGE);
    while (code == 0 && before(&key, &stop)) {
      tally->rows++;
      code = mdb_cursor_get(db->cursor, &key, &payload, MDB_NEXT);
    }
    mdb_txn_reset(db->reader);
    if (code && code != MDB_NOTFOUND) return failed(db, code, "count");
    uint64_t now = yard_now();
    yard_note(latencies, now - since);
    since = now;
  }
  return true;
}

// MARK: Lifecycle

static void close_all(yard *y) {
  yard_db *db = (yard_db *)y;
  if (db->cursor) mdb_cursor_close(db->cursor);
  if (db->reader) mdb_txn_abort(db->reader);
  if (db->env && !db->borrowed) mdb_env_close(db->env);
  free(db);
}

static int open_reading(yard_db *db) {
  int code = mdb_txn_begin(db->env, NULL, MDB_RDONLY, &db->reader);
  if (code == 0) code = mdb_cursor_open(db->reader, db->dbi, &db->cursor);
  if (code == 0) mdb_txn_reset(db->reader);
  return code;
}

static yard *open_reader(yard *store) {
  yard_db *db = malloc(sizeof *db);
  if (!db) return NULL;
  *db = *(yard_db *)store;
  db->borrowed = true;
  db->reader = NULL;
  db->cursor = NULL;
  int code = open_reading(db);
  if (code == 0) return &db->y;
  failed((yard_db *)store, code, "open a reader");
  close_all(&db->y);
  return NULL;
}

static bool open_all(yard_db *db, const char *path, const yard_settings *settings) {
  unsigned flags = MDB_NOTLS;
  if (settings->durability == YARD_CONSISTENT) flags |= MDB_NOMETASYNC;
  if (settings->durability == YARD_VOLATILE) flags |= MDB_NOSYNC;
  mkdir(path, 0700);
  MDB_txn *txn;
  int code = mdb_env_create(&db->env);
  if (code == 0) code = mdb_env_set_maxreaders(db->env, 1024);
  if (code == 0) code = mdb_env_set_mapsize(db->env, settings->map_bytes);
  if (code == 0) code = mdb_env_open(db->env, path, flags, 0600);
  if (code == 0) code = mdb_txn_begin(db->env, NULL, 0, &txn);
  if (code) return failed(db, code, "open");
  code = mdb_dbi_open(txn, NULL, 0, &db->dbi);
  if (code) {
    mdb_txn_abort(txn);
    return failed(db, code, "open");
  }
  code = mdb_txn_commit(txn);
  if (code == 0) code = open_reading(db);
  if (code) return failed(db, code, "open");
  db->prefix[0] = (uint8_t)db->y.category_size;
  memcpy(db->prefix + 1, db->y.category, db->y.category_size);
  db->prefix_size = 1 + db->y.category_size;
  return true;
}

static const yard_loops loops = {
    put, delete, delete_ranges, get, visit, seek, count, verify, open_reader, close_all};

yard *yard_open_lmdb(const char *path, const yard_settings *settings, char *error, size_t error_size) {
  yard_db *db = calloc(1, sizeof *db);
  if (!db) return NULL;
  yard_prepare(&db->y, &loops, settings);
  if (open_all(db, path, settings)) return &db->y;
  snprintf(error, error_size, "%s", db->y.error);
  close_all(&db->y);
  return NULL;
}
