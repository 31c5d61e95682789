// What the three yardsticks share among themselves.
#pragma once

#include "CYardsticks.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { YARD_CATEGORY_MAX = 64, YARD_KEY_MAX = 480 };

/// The engine's loops; an engine's own struct begins with `struct yard`.
typedef struct {
  bool (*put)(yard *, const uint8_t *, const uint8_t *, size_t, size_t, yard_latencies *);
  bool (*delete)(yard *, const uint8_t *, size_t, size_t, yard_latencies *);
  bool (*delete_ranges)(yard *, const uint8_t *, size_t, yard_latencies *);
  bool (*get)(yard *, const uint8_t *, size_t, yard_tally *, yard_latencies *);
  bool (*visit)(yard *, bool, yard_tally *, yard_latencies *);
  bool (*seek)(yard *, const uint8_t *, size_t, size_t, yard_tally *, yard_latencies *);
  bool (*count)(yard *, const uint8_t *, size_t, yard_tally *, yard_latencies *);
  bool (*verify)(yard *, yard_tally *);
  yard *(*open_reader)(yard *);
  void (*close)(yard *);
} yard_loops;

struct yard {
  const yard_loops *loops;
  size_t key_size;
  size_t payload_size;
  uint8_t category[YARD_CATEGORY_MAX];
  size_t category_size;
  char error[256];
};

yard *yard_open_sqlite(const char *path, const yard_settings *, char *error, size_t error_size);
yard *yard_open_lmdb(const char *path, const yard_settings *, char *error, size_t error_size);
yard *yard_open_rocks(const char *path, const yard_settings *, char *error, size_t error_size);
yard *yard_open_postgres(const char *path, const yard_settings *, char *error, size_t error_size);

void yard_prepare(yard *, const yard_loops *, const yard_settings *);

/// Notes the reason and gives false.
static inline bool yard_fail(yard *y, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(y->error, sizeof y->error, format, arguments);
  va_end(arguments);
  return false;
}

/// One row of a visit: counts, sums or hashes it, and notes the time of every block.
static inline void yard_take(
    yard_tally *tally, bool thorough, const void *key, size_t key_size, const void *payload, size_t payload_size) {
  tally->rows++;
  if (thorough) {
    tally->checksum = yard_hash(yard_hash(tally->checksum, key, key_size), payload, payload_size);
  } else {
    tally->checksum += yard_row_sum(key, key_size, payload, payload_size);
  }
}

static inline void yard_pace(yard_latencies *latencies, uint64_t rows, uint64_t *since) {
  if (latencies && rows % YARD_BLOCK == 0) {
    uint64_t now = yard_now();
    yard_note(latencies, (now - *since) / YARD_BLOCK);
    *since = now;
  }
}
