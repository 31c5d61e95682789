#ifndef PERSISTENCY_ROCKSDB_SHIM_H
#define PERSISTENCY_ROCKSDB_SHIM_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <rocksdb/c.h>
#ifdef __linux__
#include <stddef.h>
// Not <sys/xattr.h>: with _GNU_SOURCE it brings types along that differ from those of Swift's own module of the C library.
extern long getxattr(const char *path, const char *name, void *value, size_t size);
extern int setxattr(const char *path, const char *name, const void *value, size_t size, int flags);
#endif

/// The file that the library in use was loaded from, a string of the loader's; null when it cannot tell.
static inline const char *persistency_rocks_file(void) {
  Dl_info info;
  return dladdr((const void *)rocksdb_open, &info) != 0 ? info.dli_fname : (const char *)0;
}

/// Whether new files in the folder get their mode from an access list of the folder's, rather than from the umask.
static inline int persistency_rocks_has_default_list(const char *folder) {
#ifdef __linux__
  return getxattr(folder, "system.posix_acl_default", (void *)0, 0) > 0;
#else
  (void)folder;
  return 0;
#endif
}

/// Leaves new files and folders in the folder to their owner alone, whatever mode they are asked for with.
///
/// Returns 0, or -1 where that cannot be had.
static inline int persistency_rocks_set_default_list(const char *folder) {
#ifdef __linux__
  // linux/posix_acl_xattr.h: version 2; then tag, permissions and no id of the owner (rwx), the group and others (nothing),
  // all little-endian. Files do not ask for x, folders do.
  static const unsigned char list[] = {
      2, 0, 0, 0,                            //
      0x01, 0, 7, 0, 0xFF, 0xFF, 0xFF, 0xFF, //
      0x04, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, //
      0x20, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF,
  };
  return setxattr(folder, "system.posix_acl_default", list, sizeof list, 0);
#else
  (void)folder;
  return -1;
#endif
}

#endif
