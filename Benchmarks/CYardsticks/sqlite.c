// SQLite as an expert would use it: WAL, one writer and one reader connection without mutexes, statements prepared
// once with the category bound once, and a read transaction kept until the next write.
#include "yard.h"

#include <sqlite3.h>

typedef struct {
  yard y;
  sqlite3 *writer, *reader;
  sqlite3_stmt *begin, *commit, *rollback, *put, *delete, *delete_range;
  sqlite3_stmt *begin_read, *end_read, *get, *from, *back, *count;
  bool reading, autocommit_gets;
  /// For more readers.
  char *path;
  long long kibibytes;
} yard_db;

static bool failed(yard_db *db, sqlite3 *connection, const char *doing) {
  return yard_fail(&db->y, "sqlite: %s: %s", doing, sqlite3_errmsg(connection));
}

static bool step(yard_db *db, sqlite3 *connection, sqlite3_stmt *statement, const char *doing) {
  int code = sqlite3_step(statement);
  sqlite3_reset(statement);
  return code == SQLITE_DONE || failed(db, connection, doing);
}

// MARK: Writes

/// Ends the kept read transaction, so that it pins nothing of the WAL while writing.
static bool end_read(yard_db *db) {
  if (!db->reading) return true;
  db->reading = false;
  return step(db, db->reader, db->end_read, "end of reading");
}

static bool write_rows(
    yard_db *db, sqlite3_stmt *statement, const uint8_t *keys, const uint8_t *payloads, size_t count) {
  size_t key_size = db->y.key_size, payload_size = db->y.payload_size;
  for (size_t i = 0; i < count; i++) {
    sqlite3_bind_blob(statement, 2, keys + i * key_size, (int)key_size, SQLITE_STATIC);
    if (payloads) sqlite3_bind_blob(statement, 3, payloads + i * payload_size, (int)payload_size, SQLITE_STATIC);
    if (!step(db, db->writer, statement, "write")) return false;
  }
  return true;
}

/// A batch of one is its own transaction; a larger one stands between BEGIN IMMEDIATE and COMMIT.
static bool write_all(
    yard_db *db, sqlite3_stmt *statement, const uint8_t *keys, const uint8_t *payloads, size_t count, size_t batch,
    yard_latencies *latencies) {
  if (!end_read(db)) return false;
  uint64_t since = yard_now();
  for (size_t i = 0; i < count; i += batch) {
    size_t rows = count - i < batch ? count - i : batch;
    const uint8_t *key = keys + i * db->y.key_size;
    const uint8_t *payload = payloads ? payloads + i * db->y.payload_size : NULL;
    if (rows == 1) {
      if (!write_rows(db, statement, key, payload, 1)) return false;
    } else {
      if (!step(db, db->writer, db->begin, "begin")) return false;
      if (!write_rows(db, statement, key, payload, rows)) {
        sqlite3_step(db->rollback);
        sqlite3_reset(db->rollback);
        return false;
      }
      if (!step(db, db->writer, db->commit, "commit")) return false;
    }
    uint64_t now = yard_now();
    yard_note(latencies, now - since);
    since = now;
  }
  return true;
}

static bool put(
    yard *y, const uint8_t *keys, const uint8_t *payloads, size_t count, size_t batch, yard_latencies *latencies) {
  yard_db *db = (yard_db *)y;
  return write_all(db, db->put, keys, payloads, count, batch, latencies);
}

static bool delete(yard *y, const uint8_t *keys, size_t count, size_t batch, yard_latencies *latencies) {
  yard_db *db = (yard_db *)y;
  return write_all(db, db->delete, keys, NULL, count, batch, latencies);
}

static bool delete_ranges(yard *y, const uint8_t *keys, size_t count, yard_latencies *latencies) {
  yard_db *db = (yard_db *)y;
  if (!end_read(db)) return false;
  uint64_t since = yard_now();
  for (size_t i = 0; i < count; i++) {
    sqlite3_bind_blob(db->delete_range, 2, keys + 2 * i * y->key_size, (int)y->key_size, SQLITE_STATIC);
    sqlite3_bind_blob(db->delete_range, 3, keys + (2 * i + 1) * y->key_size, (int)y->key_size, SQLITE_STATIC);
    if (!step(db, db->writer, db->delete_range, "delete of a range")) return false;
    uint64_t now = yard_now();
    yard_note(latencies, now - since);
    since = now;
  }
  return true;
}

// MARK: Reads

static bool begin_read(yard_db *db) {
  if (db->reading) return true;
  if (!step(db, db->reader, db->begin_read, "begin of reading")) return false;
  db->reading = true;
  return true;
}

static bool get(yard *y, const uint8_t *keys, size_t count, yard_tally *tally, yard_latencies *latencies) {
  yard_db *db = (yard_db *)y;
  if (db->autocommit_gets && !end_read(db)) return false;
  for (size_t i = 0; i < count; i++) {
    bool timed = latencies && i % YARD_STRIDE == 0;
    uint64_t since = timed ? yard_now() : 0;
    if (!db->autocommit_gets && !begin_read(db)) return false;
    sqlite3_bind_blob(db->get, 2, keys + i * y->key_size, (int)y->key_size, SQLITE_STATIC);
    int code = sqlite3_step(db->get);
    if (code == SQLITE_ROW) {
      size_t size = (size_t)sqlite3_column_bytes(db->get, 0);
      void *copy = malloc(size ? size : 1);
      if (!copy) return yard_fail(y, "out of memory");
      memcpy(copy, sqlite3_column_blob(db->get, 0), size);
      tally->rows++;
      tally->checksum += yard_payload_sum(copy, size);
      free(copy);
    } else if (code != SQLITE_DONE) {
      failed(db, db->reader, "get");
      sqlite3_reset(db->get);
      return false;
    }
    sqlite3_reset(db->get);
    if (timed) yard_note(latencies, yard_now() - since);
  }
  return true;
}

/// Steps through a statement of (key, payload); `limit` 0 is no limit.
static inline bool take_rows(
    yard_db *db, sqlite3_stmt *statement, size_t limit, bool thorough, yard_tally *tally, yard_latencies *latencies) {
  uint64_t since = yard_now();
  size_t rows = 0;
  int code = SQLITE_DONE;
  while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
    const void *key = sqlite3_column_blob(statement, 0);
    size_t key_size = (size_t)sqlite3_column_bytes(statement, 0);
    const void *payload = sqlite3_column_blob(statement, 1);
    size_t payload_size = (size_t)sqlite3_column_bytes(statement, 1);
    yard_take(tally, thorough, key, key_size, payload, payload_size);
    rows++;
    if (rows == limit) {
      code = SQLITE_DONE;
      break;
    }
    yard_pace(latencies, rows, &since);
  }
  sqlite3_reset(statement);
  return code == SQLITE_DONE || failed(db, db->reader, "scan");
}

static bool visit(yard *y, bool reverse, yard_tally *tally, yard_latencies *latencies) {
  yard_db *db = (yard_db *)y;
  if (!begin_read(db)) return false;
  if (reverse) return take_rows(db, db->back, 0, false, tally, latencies);
  sqlite3_bind_zeroblob(db->from, 2, 0);
  return take_rows(db, db->from, 0, false, tally, latencies);
}

static bool verify(yard *y, yard_tally *tally) {
  yard_db *db = (yard_db *)y;
  if (!begin_read(db)) return false;
  sqlite3_bind_zeroblob(db->from, 2, 0);
  return take_rows(db, db->from, 0, true, tally, NULL);
}

static bool seek(
    yard *y, const uint8_t *keys, size_t count, size_t rows, yard_tally *tally, yard_latencies *latencies) {
  yard_db *db = (yard_db *)y;
  uint64_t since = yard_now();
  for (size_t i = 0; i < count; i++) {
    if (!begin_read(db)) return false;
    sqlite3_bind_blob(db->from, 2, keys + i * y->key_size, (int)y->key_size, SQLITE_STATIC);
    if (!take_rows(db, db->from, rows, false, tally, NULL)) return false;
    uint64_t now = yard_now();
    yard_note(latencies, now - since);
    since = now;
  }
  return true;
}

static bool count(yard *y, const uint8_t *keys, size_t count, yard_tally *tally, yard_latencies *latencies) {
  yard_db *db = (yard_db *)y;
  uint64_t since = yard_now();
  for (size_t i = 0; i < count; i++) {
    if (!begin_read(db)) return false;
    sqlite3_bind_blob(db->count, 2, keys + 2 * i * y->key_size, (int)y->key_size, SQLITE_STATIC);
    sqlite3_bind_blob(db->count, 3, keys + (2 * i + 1) * y->key_size, (int)y->key_size, SQLITE_STATIC);
    int code = sqlite3_step(db->count);
    if (code == SQLITE_ROW) tally->rows += (uint64_t)sqlite3_column_int64(db->count, 0);
    sqlite3_reset(db->count);
    if (code != SQLITE_ROW) return failed(db, db->reader, "count");
    uint64_t now = yard_now();
    yard_note(latencies, now - since);
    since = now;
  }
  return true;
}

// MARK: Lifecycle

static void close_all(yard *y) {
  yard_db *db = (yard_db *)y;
  sqlite3_stmt *statements[] = {db->begin,        db->commit,     db->rollback, db->put, db->delete,
                                db->delete_range, db->begin_read, db->end_read, db->get, db->from,
                                db->back,         db->count};
  for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) sqlite3_finalize(statements[i]);
  sqlite3_close(db->reader);
  sqlite3_close(db->writer);
  free(db->path);
  free(db);
}

static bool prepare(yard_db *db, sqlite3 *connection, sqlite3_stmt **statement, const char *sql, bool categorised) {
  if (sqlite3_prepare_v3(connection, sql, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL) != SQLITE_OK) {
    return failed(db, connection, sql);
  }
  if (categorised) sqlite3_bind_blob(*statement, 1, db->y.category, (int)db->y.category_size, SQLITE_STATIC);
  return true;
}

static bool run(yard_db *db, sqlite3 *connection, const char *format, long long number) {
  char sql[160];
  snprintf(sql, sizeof sql, format, number);
  return sqlite3_exec(connection, sql, NULL, NULL, NULL) == SQLITE_OK || failed(db, connection, sql);
}

/// A connection that waits: whoever looks at the log's header in the middle of a commit finds it locked.
static bool connect(yard_db *db, sqlite3 **connection, const char *path, int flags) {
  if (sqlite3_open_v2(path, connection, flags | SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
    return failed(db, *connection, "open");
  }
  sqlite3_busy_timeout(*connection, 10000);
  return true;
}

static bool open_reading(yard_db *db, const char *path, long long kibibytes) {
  return connect(db, &db->reader, path, 0) && run(db, db->reader, "PRAGMA cache_size = -%lld", kibibytes)
         && run(db, db->reader, "PRAGMA query_only = ON", 0) && run(db, db->reader, "PRAGMA cell_size_check = ON", 0)
         // Deferred: the first read of it takes the snapshot.
         && prepare(db, db->reader, &db->begin_read, "BEGIN", false)
         && prepare(db, db->reader, &db->end_read, "COMMIT", false)
         && prepare(db, db->reader, &db->get, "SELECT payload FROM kv WHERE category = ?1 AND key = ?2", true)
         && prepare(db, db->reader, &db->from,
                    "SELECT key, payload FROM kv WHERE category = ?1 AND key >= ?2 ORDER BY key", true)
         && prepare(db, db->reader, &db->back,
                    "SELECT key, payload FROM kv WHERE category = ?1 ORDER BY key DESC", true)
         && prepare(db, db->reader, &db->count,
                    "SELECT count(*) FROM kv WHERE category = ?1 AND key >= ?2 AND key < ?3", true);
}

/// A reader beside a writer must see new commits: each of its gets is a transaction of its own.
static yard *open_reader(yard *store) {
  yard_db *base = (yard_db *)store, *db = calloc(1, sizeof *db);
  if (!db) return NULL;
  db->y = base->y;
  db->autocommit_gets = true;
  if (open_reading(db, base->path, base->kibibytes)) return &db->y;
  memcpy(base->y.error, db->y.error, sizeof base->y.error);
  close_all(&db->y);
  return NULL;
}

static bool open_all(yard_db *db, const char *path, const yard_settings *settings) {
  if (!connect(db, &db->writer, path, SQLITE_OPEN_CREATE)) return false;
  long long kibibytes = (long long)(settings->cache_bytes / 1024);
  int level = settings->durability == YARD_FULL ? 2 : settings->durability == YARD_CONSISTENT ? 1 : 0;
  bool made =
      run(db, db->writer, "PRAGMA page_size = 4096", 0) && run(db, db->writer, "PRAGMA journal_mode = WAL", 0)
      && run(db, db->writer, "PRAGMA synchronous = %lld", level)
      && run(db, db->writer, "PRAGMA cache_size = -%lld", kibibytes)
      && run(db, db->writer, "PRAGMA wal_autocheckpoint = %lld", (long long)settings->checkpoint_pages)
      && run(db, db->writer, "PRAGMA journal_size_limit = %lld", 32 << 20)
      && run(db, db->writer, "PRAGMA secure_delete = FAST", 0) && run(db, db->writer, "PRAGMA cell_size_check = ON", 0)
      && run(db, db->writer,
             "CREATE TABLE IF NOT EXISTS kv(category BLOB NOT NULL, key BLOB NOT NULL, payload BLOB NOT NULL, "
             "PRIMARY KEY(category, key)) WITHOUT ROWID",
             0);
  if (!made) return false;
  db->path = strdup(path);
  db->kibibytes = kibibytes;
  return prepare(db, db->writer, &db->begin, "BEGIN IMMEDIATE", false)
         && prepare(db, db->writer, &db->commit, "COMMIT", false)
         && prepare(db, db->writer, &db->rollback, "ROLLBACK", false)
         && prepare(db, db->writer, &db->put,
                    "INSERT INTO kv(category, key, payload) VALUES(?1, ?2, ?3) "
                    "ON CONFLICT(category, key) DO UPDATE SET payload = excluded.payload",
                    true)
         && prepare(db, db->writer, &db->delete, "DELETE FROM kv WHERE category = ?1 AND key = ?2", true)
         && prepare(db, db->writer, &db->delete_range,
                    "DELETE FROM kv WHERE category = ?1 AND key >= ?2 AND key < ?3", true)
         && open_reading(db, path, kibibytes);
}

static const yard_loops loops = {
    put, delete, delete_ranges, get, visit, seek, count, verify, open_reader, close_all};

yard *yard_open_sqlite(const char *path, const yard_settings *settings, char *error, size_t error_size) {
  yard_db *db = calloc(1, sizeof *db);
  if (!db) return NULL;
  yard_prepare(&db->y, &loops, settings);
  db->autocommit_gets = settings->autocommit_gets;
  if (open_all(db, path, settings)) return &db->y;
  snprintf(error, error_size, "%s", db->y.error);
  close_all(&db->y);
  return NULL;
}
