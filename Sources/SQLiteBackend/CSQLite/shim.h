#ifndef PERSISTENCY_SQLITE_SHIM_H
#define PERSISTENCY_SQLITE_SHIM_H

#include <sqlite3.h>

// Swift sees neither C's variadic functions nor its function-pointer casts.

static inline int persistency_sqlite_configure(sqlite3 *db, int option, int on) {
  return sqlite3_db_config(db, option, on, (int *)0);
}

/// Binds a copy of the bytes, which SQLite owns.
static inline int persistency_sqlite_bind_copy(sqlite3_stmt *statement, int index, const void *bytes, sqlite3_uint64 count) {
  return sqlite3_bind_blob64(statement, index, bytes, count, SQLITE_TRANSIENT);
}

#endif
