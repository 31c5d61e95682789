// PostgreSQL as an expert would use it through libpq: everything prepared and in binary form, a batch as one command over
// arrays, scans by pages of the key, one connection. All stores are in one table; a store's path gives its number.
#include "yard.h"

#include <libpq-fe.h>

enum { PAGE_ROWS = 1000, INT8 = 20, BYTEA = 17, BYTEA_ARRAY = 1001 };

typedef struct {
  yard y;
  PGconn *connection;
  uint64_t job;
  yard_durability durability;
  /// Arrays in the making, one a parameter.
  uint8_t *array[3];
  size_t array_size[3];
} yard_db;

static bool failed(yard_db *db, PGresult *result, const char *doing) {
  char reason[200];
  snprintf(reason, sizeof reason, "%s", PQerrorMessage(db->connection));
  if (result) PQclear(result);
  return yard_fail(&db->y, "postgres: %s: %s", doing, reason);
}

static inline void big_endian(uint8_t *to, uint64_t number, int bytes) {
  for (int i = 0; i < bytes; i++) to[i] = (uint8_t)(number >> 8 * (bytes - 1 - i));
}

typedef struct {
  const char *values[6];
  int lengths[6];
  int formats[6];
  int count;
  uint8_t job[8];
  uint8_t limit[8];
} parameters;

static void add(parameters *p, const void *bytes, size_t size) {
  p->values[p->count] = bytes;
  p->lengths[p->count] = (int)size;
  p->formats[p->count] = 1;
  p->count++;
}

static void begin(yard_db *db, parameters *p) {
  p->count = 0;
  big_endian(p->job, db->job, 8);
  add(p, p->job, 8);
}

static void in_category(yard_db *db, parameters *p) {
  begin(db, p);
  add(p, db->y.category, db->y.category_size);
}

static void limited(parameters *p, size_t limit) {
  big_endian(p->limit, limit, 8);
  add(p, p->limit, 8);
}

static PGresult *run(yard_db *db, const char *name, const parameters *p) {
  return PQexecPrepared(db->connection, name, p->count, p->values, p->lengths, p->formats, 1);
}

/// Runs what gives no rows.
static bool change(yard_db *db, const char *name, const parameters *p) {
  PGresult *result = run(db, name, p);
  ExecStatusType status = PQresultStatus(result);
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) return failed(db, result, name);
  PQclear(result);
  return true;
}

// MARK: Writes

/// A bytea[] of `count` elements of one size, `step` apart; a step of 0 repeats the one.
static bool add_array(
    yard_db *db, parameters *p, int place, const uint8_t *from, size_t count, size_t size, size_t step) {
  size_t needed = 20 + count * (4 + size);
  if (db->array_size[place] < needed) {
    uint8_t *grown = realloc(db->array[place], needed);
    if (!grown) return yard_fail(&db->y, "out of memory");
    db->array[place] = grown;
    db->array_size[place] = needed;
  }
  uint8_t *to = db->array[place];
  big_endian(to, 1, 4);
  big_endian(to + 4, 0, 4);
  big_endian(to + 8, BYTEA, 4);
  big_endian(to + 12, count, 4);
  big_endian(to + 16, 1, 4);
  to += 20;
  for (size_t i = 0; i < count; i++) {
    big_endian(to, size, 4);
    memcpy(to + 4, from + i * step, size);
    to += 4 + size;
  }
  add(p, db->array[place], needed);
  return true;
}

static bool put(
    yard *y, const uint8_t *keys, const uint8_t *payloads, size_t count, size_t batch, yard_latencies *latencies) {
  yard_db *db = (yard_db *)y;
  parameters p;
  uint64_t since = yard_now();
  for (size_t i = 0; i < count; i += batch) {
    size_t rows = count - i < batch ? count - i : batch;
    const uint8_t *key = keys + i * y->key_size, *payload = payloads + i * y->payload_size;
    if (rows == 1) {
      in_category(db, &p);
      add(&p, key, y->key_size);
      add(&p, payload, y->payload_size);
      if (!change(db, "put", &p)) return false;
    } else {
      begin(db, &p);
      if (!add_array(db, &p, 0, y->category, rows, y->category_size, 0)
          || !add_array(db, &p, 1, key, rows, y->key_size, y->key_size)
          || !add_array(db, &p, 2, payload, rows, y->payload_size, y->payload_size)) {
        return false;
      }
      if (!change(db, "puts", &p)) return false;
    }
    uint64_t now = yard_now();
    yard_note(latencies, now - since);
    since = now;
  }
  return true;
}

static bool delete(yard *y, const uint8_t *keys, size_t count, size_t batch, yard_latencies *latencies) {
  yard_db *db = (yard_db *)y;
  parameters p;
  uint64_t since = yard_now();
  for (size_t i = 0; i < count; i += batch) {
    size_t rows = count - i < batch ? count - i : batch;
    begin(db, &p);
    if (!add_array(db, &p, 0, y->category, rows, y->category_size, 0)
        || !add_array(db, &p, 1, keys + i * y->key_size, rows, y->key_size, y->key_size)
        || !change(db, "deletes", &p)) {
      return false;
    }
    uint64_t now = yard_now();
    yard_note(latencies, now - since);
    since = now;
  }
  return true;
}

static bool delete_ranges(yard *y, const uint8_t *keys, size_t count, yard_latencies *latencies) {
  yard_db *db = (yard_db *)y;
  parameters p;
  uint64_t since = yard_now();
  for (size_t i = 0; i < count; i++) {
    in_category(db, &p);
    add(&p, keys + 2 * i * y->key_size, y->key_size);
    add(&p, keys + (2 * i + 1) * y->key_size, y->key_size);
    if (!change(db, "delete_range", &p)) return false;
    uint64_t now = yard_now();
    yard_note(latencies, now - since);
    since = now;
  }
  return true;
}

// MARK: Reads

static bool get(yard *y, const uint8_t *keys, size_t count, yard_tally *tally, yard_latencies *latencies) {
  yard_db *db = (yard_db *)y;
  parameters p;
  for (size_t i = 0; i < count; i++) {
    bool timed = latencies && i % YARD_STRIDE == 0;
    uint64_t since = timed ? yard_now() : 0;
    in_category(db, &p);
    add(&p, keys + i * y->key_size, y->key_size);
    PGresult *result = run(db, "get", &p);
    if (PQresultStatus(result) != PGRES_TUPLES_OK) return failed(db, result, "get");
    if (PQntuples(result) == 1) {
      size_t size = (size_t)PQgetlength(result, 0, 0);
      void *copy = malloc(size ? size : 1);
      if (!copy) return failed(db, result, "out of memory");
      memcpy(copy, PQgetvalue(result, 0, 0), size);
      tally->rows++;
      tally->checksum += yard_payload_sum(copy, size);
      free(copy);
    }
    PQclear(result);
    if (timed) yard_note(latencies, yard_now() - since);
  }
  return true;
}

static void take(PGresult *result, int row, bool thorough, yard_tally *tally) {
  yard_take(
      tally, thorough, PQgetvalue(result, row, 0), (size_t)PQgetlength(result, row, 0), PQgetvalue(result, row, 1),
      (size_t)PQgetlength(result, row, 1));
}

static bool all(yard_db *db, bool reverse, bool thorough, yard_tally *tally, yard_latencies *latencies) {
  parameters p;
  uint8_t bound[YARD_KEY_MAX + 1];
  size_t bound_size = 0;
  bool first = true;
  uint64_t since = yard_now();
  p.count = 0;
  if (!change(db, "begin", &p)) return false;
  while (true) {
    in_category(db, &p);
    add(&p, reverse ? (const uint8_t *)"" : bound, reverse ? 0 : bound_size);
    if (reverse && !first) add(&p, bound, bound_size);
    limited(&p, PAGE_ROWS);
    PGresult *result = run(db, !reverse ? "page" : first ? "page_from_end" : "page_back", &p);
    if (PQresultStatus(result) != PGRES_TUPLES_OK) return failed(db, result, "page");
    int rows = PQntuples(result);
    for (int row = 0; row < rows; row++) {
      take(result, row, thorough, tally);
      yard_pace(latencies, tally->rows, &since);
    }
    if (rows > 0) {
      bound_size = (size_t)PQgetlength(result, rows - 1, 0);
      memcpy(bound, PQgetvalue(result, rows - 1, 0), bound_size);
      // The key after a key is that with a zero behind it.
      if (!reverse) bound[bound_size++] = 0;
    }
    PQclear(result);
    first = false;
    if (rows < PAGE_ROWS) break;
  }
  p.count = 0;
  return change(db, "commit", &p);
}

static bool visit(yard *y, bool reverse, yard_tally *tally, yard_latencies *latencies) {
  return all((yard_db *)y, reverse, false, tally, latencies);
}

static bool verify(yard *y, yard_tally *tally) { return all((yard_db *)y, false, true, tally, NULL); }

static bool seek(
    yard *y, const uint8_t *keys, size_t count, size_t rows, yard_tally *tally, yard_latencies *latencies) {
  yard_db *db = (yard_db *)y;
  parameters p;
  uint64_t since = yard_now();
  for (size_t i = 0; i < count; i++) {
    in_category(db, &p);
    add(&p, keys + i * y->key_size, y->key_size);
    limited(&p, rows);
    PGresult *result = run(db, "page", &p);
    if (PQresultStatus(result) != PGRES_TUPLES_OK) return failed(db, result, "seek");
    for (int row = 0; row < PQntuples(result); row++) take(result, row, false, tally);
    PQclear(result);
    uint64_t now = yard_now();
    yard_note(latencies, now - since);
    since = now;
  }
  return true;
}

static bool count(yard *y, const uint8_t *keys, size_t count, yard_tally *tally, yard_latencies *latencies) {
  yard_db *db = (yard_db *)y;
  parameters p;
  uint64_t since = yard_now();
  for (size_t i = 0; i < count; i++) {
    in_category(db, &p);
    add(&p, keys + 2 * i * y->key_size, y->key_size);
    add(&p, keys + (2 * i + 1) * y->key_size, y->key_size);
    PGresult *result = run(db, "count", &p);
    if (PQresultStatus(result) != PGRES_TUPLES_OK) return failed(db, result, "count");
    const uint8_t *number = (const uint8_t *)PQgetvalue(result, 0, 0);
    uint64_t rows = 0;
    for (int byte = 0; byte < 8; byte++) rows = rows << 8 | number[byte];
    tally->rows += rows;
    PQclear(result);
    uint64_t now = yard_now();
    yard_note(latencies, now - since);
    since = now;
  }
  return true;
}

// MARK: Lifecycle

static void close_all(yard *y) {
  yard_db *db = (yard_db *)y;
  if (db->connection) PQfinish(db->connection);
  for (int i = 0; i < 3; i++) free(db->array[i]);
  free(db);
}

static bool prepare(yard_db *db, const char *name, const char *sql, int count, const Oid *types) {
  PGresult *result = PQprepare(db->connection, name, sql, count, types);
  if (PQresultStatus(result) != PGRES_COMMAND_OK) return failed(db, result, name);
  PQclear(result);
  return true;
}

static bool execute(yard_db *db, const char *sql) {
  PGresult *result = PQexec(db->connection, sql);
  ExecStatusType status = PQresultStatus(result);
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) return failed(db, result, "set-up");
  PQclear(result);
  return true;
}

#define WITHIN "WHERE job=$1 AND category=$2 AND key>=$3"

static bool connect(yard_db *db) {
  const char *place = getenv("PERSISTENCY_POSTGRES");
  db->connection = PQconnectdb(place ? place : "");
  if (PQstatus(db->connection) != CONNECTION_OK) return failed(db, NULL, "connect");
  static const Oid point[] = {INT8, BYTEA, BYTEA, BYTEA}, limit[] = {INT8, BYTEA, BYTEA, INT8},
                   both[] = {INT8, BYTEA, BYTEA, BYTEA, INT8}, arrays[] = {INT8, BYTEA_ARRAY, BYTEA_ARRAY, BYTEA_ARRAY};
  return execute(db, "SET client_min_messages=warning; SET jit=off; SET plan_cache_mode=force_generic_plan; SET enable_seqscan=off;"
                     "SET enable_bitmapscan=off; SET enable_hashjoin=off; SET enable_mergejoin=off;"
                     "SET max_parallel_workers_per_gather=0")
      && execute(db, db->durability == YARD_FULL ? "SET synchronous_commit=on" : "SET synchronous_commit=off")
      && execute(db, "CREATE TABLE IF NOT EXISTS kv_yardstick(job bigint NOT NULL, category bytea NOT NULL,"
                     "key bytea NOT NULL, payload bytea NOT NULL, PRIMARY KEY(job,category,key))")
      && prepare(db, "begin", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", 0, NULL)
      && prepare(db, "commit", "COMMIT", 0, NULL)
      && prepare(db, "put", "INSERT INTO kv_yardstick VALUES($1,$2,$3,$4) ON CONFLICT(job,category,key)"
                            "DO UPDATE SET payload=excluded.payload", 4, point)
      && prepare(db, "puts", "INSERT INTO kv_yardstick SELECT $1,u.c,u.k,u.p FROM unnest($2::bytea[],$3::bytea[],$4::bytea[])"
                             "AS u(c,k,p) ON CONFLICT(job,category,key) DO UPDATE SET payload=excluded.payload", 4, arrays)
      && prepare(db, "deletes", "DELETE FROM kv_yardstick WHERE job=$1 AND (category,key) IN"
                                "(SELECT u.c,u.k FROM unnest($2::bytea[],$3::bytea[]) AS u(c,k))", 3, arrays)
      && prepare(db, "delete_range", "DELETE FROM kv_yardstick " WITHIN " AND key<$4", 4, point)
      && prepare(db, "get", "SELECT payload FROM kv_yardstick WHERE job=$1 AND category=$2 AND key=$3", 3, point)
      && prepare(db, "page", "SELECT key,payload FROM kv_yardstick " WITHIN " ORDER BY key LIMIT $4", 4, limit)
      && prepare(db, "page_from_end", "SELECT key,payload FROM kv_yardstick " WITHIN " ORDER BY key DESC LIMIT $4", 4, limit)
      && prepare(db, "page_back", "SELECT key,payload FROM kv_yardstick " WITHIN " AND key<$4 ORDER BY key DESC LIMIT $5", 5, both)
      && prepare(db, "count", "SELECT count(*) FROM kv_yardstick " WITHIN " AND key<$4", 4, point);
}

static yard *open_reader(yard *store) {
  yard_db *db = malloc(sizeof *db);
  if (!db) return NULL;
  *db = *(yard_db *)store;
  memset(db->array, 0, sizeof db->array);
  memset(db->array_size, 0, sizeof db->array_size);
  if (connect(db)) return &db->y;
  memcpy(((yard_db *)store)->y.error, db->y.error, sizeof db->y.error);
  close_all(&db->y);
  return NULL;
}

static const yard_loops loops = {
    put, delete, delete_ranges, get, visit, seek, count, verify, open_reader, close_all};

yard *yard_open_postgres(const char *path, const yard_settings *settings, char *error, size_t error_size) {
  yard_db *db = calloc(1, sizeof *db);
  if (!db) return NULL;
  yard_prepare(&db->y, &loops, settings);
  db->durability = settings->durability;
  db->job = yard_hash(0, path, strlen(path)) >> 1;
  if (connect(db)) return &db->y;
  snprintf(error, error_size, "%s", db->y.error);
  close_all(&db->y);
  return NULL;
}
