#ifndef PERSISTENCY_ROCKSDB_SHIM_H
#define PERSISTENCY_ROCKSDB_SHIM_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <rocksdb/c.h>

/// The file that the library in use was loaded from, a string of the loader's; null when it cannot tell.
static inline const char *persistency_rocks_file(void) {
  Dl_info info;
  return dladdr((const void *)rocksdb_open, &info) != 0 ? info.dli_fname : (const char *)0;
}

#endif
