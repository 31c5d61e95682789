// The yardstick: each engine used from C as somebody who knows it well would, for the benchmark's workloads.
//
// What is measured is the loop inside these functions, with the caller's keys and payloads lying ready in flat
// arrays. Every function works on one store from one thread at a time.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

/// PostgreSQL is at the place that PERSISTENCY_POSTGRES names, as libpq takes it.
typedef enum { YARD_SQLITE, YARD_LMDB, YARD_ROCKS, YARD_POSTGRES } yard_engine;

/// What an acknowledged write survives, in the words of `Durability`.
typedef enum { YARD_VOLATILE, YARD_CONSISTENT, YARD_FULL } yard_durability;

typedef struct {
  yard_durability durability;
  /// Every row is in this category.
  const char *category;
  size_t key_size;
  size_t payload_size;
  /// SQLite: page cache of the writer and of the reader, bytes. RocksDB: block cache, bytes.
  size_t cache_bytes;
  /// SQLite: WAL pages between two checkpoints.
  size_t checkpoint_pages;
  /// RocksDB: bytes of one memtable.
  size_t memtable_bytes;
  /// LMDB: address space of the map, bytes.
  size_t map_bytes;
  /// SQLite: every get is a transaction of its own, as it is without BEGIN; otherwise one is kept until the next write.
  bool autocommit_gets;
} yard_settings;

/// Where a loop notes how long single calls took; the caller owns `nanoseconds`.
typedef struct {
  uint64_t *nanoseconds;
  size_t capacity;
  size_t count;
} yard_latencies;

/// What a loop saw: enough to tell a wrong result, and cheap beside the calls that are measured.
typedef struct {
  uint64_t rows;
  uint64_t checksum;
} yard_tally;

typedef struct yard yard;

/// Opens or makes the store at `path`; NULL on failure, with the reason in `error`.
yard *yard_open(yard_engine engine, const char *path, const yard_settings *settings, char *error, size_t error_size);

// The loops return false on failure, and `yard_error` tells why. `keys` and `payloads` are `count` times the sizes of the settings.

/// Puts `count` rows, `batch` of them a commit; notes every commit.
bool yard_put(yard *, const uint8_t *keys, const uint8_t *payloads, size_t count, size_t batch, yard_latencies *);

/// Deletes `count` rows, `batch` of them a commit; notes every commit.
bool yard_delete(yard *, const uint8_t *keys, size_t count, size_t batch, yard_latencies *);

/// Deletes each range [keys[2i], keys[2i + 1]) in a commit of its own; notes every commit.
bool yard_delete_ranges(yard *, const uint8_t *keys, size_t count, yard_latencies *);

/// Reads each key's payload into memory of its own, and frees it; notes every `YARD_STRIDE`th call.
bool yard_get(yard *, const uint8_t *keys, size_t count, yard_tally *, yard_latencies *);

/// Reads the whole category in place; notes the mean per row of every `YARD_BLOCK` rows.
bool yard_visit(yard *, bool reverse, yard_tally *, yard_latencies *);

/// From each key on reads `rows` rows in place; notes every call.
bool yard_seek(yard *, const uint8_t *keys, size_t count, size_t rows, yard_tally *, yard_latencies *);

/// Counts each range [keys[2i], keys[2i + 1]); `rows` of the tally is the sum; notes every call.
bool yard_count(yard *, const uint8_t *keys, size_t count, yard_tally *, yard_latencies *);

typedef enum { YARD_READ, YARD_PUT, YARD_SCAN, YARD_MODIFY } yard_action;

/// One op of a mix: a get, a put, a scan of `rows` rows, or a get and a put of the same key; each a commit of its own.
typedef struct {
  yard_action action;
  uint32_t rows;
} yard_step;

/// Does the steps in order; each has its key and its payload, used or not. Notes every step.
bool yard_mix(
    yard *, const yard_step *steps, const uint8_t *keys, const uint8_t *payloads, size_t count, yard_tally *,
    yard_latencies *);

/// Another reader of an open store, for a thread of its own: the loops that read work on it. Closed before the store is. NULL on
/// failure, with the reason in the store's `yard_error`.
yard *yard_open_reader(yard *store);

/// Hashes every byte of every row, in order: to prove the store's content, outside of the measured part.
bool yard_verify(yard *, yard_tally *);

const char *yard_error(const yard *);
void yard_close(yard *);

/// The version of the library that runs, "3.40.1"; empty for RocksDB, whose C interface tells none (its stores do, in
/// their OPTIONS file).
void yard_version(yard_engine engine, char *text, size_t size);

/// Returns to the system what the allocator keeps for later.
void yard_give_back(void);

// MARK: Shared with the Swift layers, so that they do the same work beside the calls

enum { YARD_STRIDE = 16, YARD_BLOCK = 1024 };

static inline uint64_t yard_now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/// Nanoseconds of processor time of the whole process, background threads included.
static inline uint64_t yard_cpu(void) {
  struct timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static inline void yard_note(yard_latencies *latencies, uint64_t nanoseconds) {
  if (latencies && latencies->count < latencies->capacity) latencies->nanoseconds[latencies->count++] = nanoseconds;
}

/// The first eight bytes, fewer if there are fewer.
static inline uint64_t yard_word(const void *bytes, size_t size) {
  uint64_t word = 0;
  if (size >= 8) memcpy(&word, bytes, 8);
  else if (size > 0) memcpy(&word, bytes, size);
  return word;
}

static inline uint64_t yard_payload_sum(const void *payload, size_t payload_size) {
  return yard_word(payload, payload_size) + payload_size;
}

static inline uint64_t yard_row_sum(const void *key, size_t key_size, const void *payload, size_t payload_size) {
  return (yard_word(key, key_size) ^ yard_word(payload, payload_size)) + key_size + payload_size;
}

/// Goes on with an order-sensitive hash of everything.
static inline uint64_t yard_hash(uint64_t hash, const void *bytes, size_t size) {
  const uint8_t *at = (const uint8_t *)bytes;
  hash = (hash ^ size) * 0x9E3779B97F4A7C15u;
  while (size > 0) {
    size_t step = size < 8 ? size : 8;
    hash = (hash ^ yard_word(at, step)) * 0xD6E8FEB86659FD93u;
    hash ^= hash >> 32;
    at += step;
    size -= step;
  }
  return hash;
}

#ifdef __cplusplus
}
#endif
