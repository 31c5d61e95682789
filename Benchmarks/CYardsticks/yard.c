#include "yard.h"

#include <libpq-fe.h>
#include <lmdb.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <sqlite3.h>

yard *yard_open(yard_engine engine, const char *path, const yard_settings *settings, char *error, size_t error_size) {
  if (settings->key_size > YARD_KEY_MAX || strlen(settings->category) > YARD_CATEGORY_MAX) {
    snprintf(error, error_size, "a key or category too long for the yardstick");
    return NULL;
  }
  switch (engine) {
    case YARD_SQLITE: return yard_open_sqlite(path, settings, error, error_size);
    case YARD_LMDB: return yard_open_lmdb(path, settings, error, error_size);
    case YARD_ROCKS: return yard_open_rocks(path, settings, error, error_size);
    case YARD_POSTGRES: return yard_open_postgres(path, settings, error, error_size);
  }
  return NULL;
}

void yard_prepare(yard *y, const yard_loops *loops, const yard_settings *settings) {
  y->loops = loops;
  y->key_size = settings->key_size;
  y->payload_size = settings->payload_size;
  y->category_size = strlen(settings->category);
  memcpy(y->category, settings->category, y->category_size);
}

bool yard_put(
    yard *y, const uint8_t *keys, const uint8_t *payloads, size_t count, size_t batch, yard_latencies *latencies) {
  return y->loops->put(y, keys, payloads, count, batch, latencies);
}

bool yard_delete(yard *y, const uint8_t *keys, size_t count, size_t batch, yard_latencies *latencies) {
  return y->loops->delete(y, keys, count, batch, latencies);
}

bool yard_delete_ranges(yard *y, const uint8_t *keys, size_t count, yard_latencies *latencies) {
  return y->loops->delete_ranges(y, keys, count, latencies);
}

bool yard_get(yard *y, const uint8_t *keys, size_t count, yard_tally *tally, yard_latencies *latencies) {
  return y->loops->get(y, keys, count, tally, latencies);
}

bool yard_visit(yard *y, bool reverse, yard_tally *tally, yard_latencies *latencies) {
  return y->loops->visit(y, reverse, tally, latencies);
}

bool yard_seek(
    yard *y, const uint8_t *keys, size_t count, size_t rows, yard_tally *tally, yard_latencies *latencies) {
  return y->loops->seek(y, keys, count, rows, tally, latencies);
}

bool yard_count(yard *y, const uint8_t *keys, size_t count, yard_tally *tally, yard_latencies *latencies) {
  return y->loops->count(y, keys, count, tally, latencies);
}

static bool one_step(yard *y, yard_step step, const uint8_t *key, const uint8_t *payload, yard_tally *tally) {
  switch (step.action) {
    case YARD_READ: return y->loops->get(y, key, 1, tally, NULL);
    case YARD_PUT: return y->loops->put(y, key, payload, 1, 1, NULL);
    case YARD_SCAN: return y->loops->seek(y, key, 1, step.rows, tally, NULL);
    case YARD_MODIFY: return y->loops->get(y, key, 1, tally, NULL) && y->loops->put(y, key, payload, 1, 1, NULL);
  }
  return false;
}

bool yard_mix(
    yard *y, const yard_step *steps, const uint8_t *keys, const uint8_t *payloads, size_t count, yard_tally *tally,
    yard_latencies *latencies) {
  uint64_t since = yard_now();
  for (size_t i = 0; i < count; i++) {
    if (!one_step(y, steps[i], keys + i * y->key_size, payloads + i * y->payload_size, tally)) return false;
    uint64_t now = yard_now();
    yard_note(latencies, now - since);
    since = now;
  }
  return true;
}

yard *yard_open_reader(yard *store) { return store->loops->open_reader(store); }

bool yard_verify(yard *y, yard_tally *tally) { return y->loops->verify(y, tally); }

const char *yard_error(const yard *y) { return y->error; }

void yard_close(yard *y) {
  if (y) y->loops->close(y);
}

void yard_give_back(void) {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
}

void yard_version(yard_engine engine, char *text, size_t size) {
  switch (engine) {
    case YARD_SQLITE: snprintf(text, size, "%s", sqlite3_libversion()); break;
    case YARD_LMDB: {
      int major, minor, patch;
      mdb_version(&major, &minor, &patch);
      snprintf(text, size, "%d.%d.%d", major, minor, patch);
      break;
    }
    case YARD_ROCKS: snprintf(text, size, "%s", ""); break;
    case YARD_POSTGRES: snprintf(text, size, "libpq %d.%d", PQlibVersion() / 10000, PQlibVersion() % 10000); break;
  }
}
