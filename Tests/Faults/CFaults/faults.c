#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif

#include "CPersistencyFaults.h"

#include <limits.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#endif

// 64-bit system calls take an offset in one register.
#if defined(__linux__) && defined(__GLIBC__) && defined(__LP64__) && !defined(SANITIZED)

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define SLOTS 128
#define FOLDER_BYTES 512

enum { FREE, RESERVED, ARMED };

struct slot {
  _Atomic int state;
  // Threads that look at it; it is not freed meanwhile.
  _Atomic int users;
  char folder[FOLDER_BYTES];
  size_t length;
  uint32_t calls;
  uint64_t first, count;
  int effect, code;
  _Atomic uint64_t seen, hits;
  _Atomic bool released;
};

static struct slot slots[SLOTS];
// While it is 0, which is nearly always, a call costs one load more.
static _Atomic int armed;

bool persistency_faults_available(void) { return true; }

int persistency_fault_arm(
  const char *folder, uint32_t calls, uint64_t first, uint64_t count, int effect, int code) {
  size_t length = strlen(folder);
  if (length == 0 || length >= FOLDER_BYTES || folder[0] != '/') return -1;
  for (int number = 0; number < SLOTS; number++) {
    struct slot *slot = &slots[number];
    int expected = FREE;
    if (!atomic_compare_exchange_strong(&slot->state, &expected, RESERVED)) continue;
    memcpy(slot->folder, folder, length + 1);
    slot->length = length;
    slot->calls = calls;
    slot->first = first;
    slot->count = count;
    slot->effect = effect;
    slot->code = code;
    atomic_store(&slot->seen, 0);
    atomic_store(&slot->hits, 0);
    atomic_store(&slot->released, false);
    atomic_store(&slot->state, ARMED);
    atomic_fetch_add(&armed, 1);
    return number;
  }
  return -1;
}

uint64_t persistency_fault_seen(int number) { return atomic_load(&slots[number].seen); }
uint64_t persistency_fault_hits(int number) { return atomic_load(&slots[number].hits); }
void persistency_fault_release(int number) { atomic_store(&slots[number].released, true); }

static void doze(void) {
  struct timespec pause = {0, 500000};
  syscall(SYS_nanosleep, &pause, NULL);
}

void persistency_fault_disarm(int number) {
  struct slot *slot = &slots[number];
  atomic_store(&slot->state, RESERVED);
  while (atomic_load(&slot->users) > 0) doze();
  atomic_fetch_sub(&armed, 1);
  atomic_store(&slot->state, FREE);
}

// MARK: What happens to a call

enum verdict { PASS, FAIL, SHORT };

static bool lies_in(const struct slot *slot, const char *path) {
  return strncmp(path, slot->folder, slot->length) == 0
         && (path[slot->length] == '/' || path[slot->length] == 0);
}

static enum verdict suffer(struct slot *slot, int *code) {
  uint64_t number = atomic_fetch_add(&slot->seen, 1) + 1;
  if (number < slot->first || (slot->count > 0 && number - slot->first >= slot->count)) return PASS;
  if (slot->effect == PERSISTENCY_EFFECT_HOLD && atomic_load(&slot->released)) return PASS;
  atomic_fetch_add(&slot->hits, 1);
  switch (slot->effect) {
    case PERSISTENCY_EFFECT_ERROR: *code = slot->code; return FAIL;
    case PERSISTENCY_EFFECT_SHORT: return SHORT;
    case PERSISTENCY_EFFECT_KILL: syscall(SYS_kill, syscall(SYS_getpid), SIGKILL); return PASS;
    default:
      while (atomic_load(&slot->state) == ARMED && !atomic_load(&slot->released)) doze();
      return PASS;
  }
}

// The path is that of the descriptor where it is NULL.
static enum verdict judge(uint32_t call, int descriptor, const char *path) {
  if (atomic_load_explicit(&armed, memory_order_relaxed) == 0) return PASS;
  int saved = errno, code = 0;
  char link[64], target[4096];
  if (path == NULL) {
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    long length = syscall(SYS_readlink, link, target, sizeof target - 1);
    target[length > 0 ? length : 0] = 0;
    path = target;
  }
  enum verdict verdict = PASS;
  for (int number = 0; number < SLOTS && verdict == PASS; number++) {
    struct slot *slot = &slots[number];
    if (atomic_load_explicit(&slot->state, memory_order_relaxed) != ARMED) continue;
    atomic_fetch_add(&slot->users, 1);
    if (atomic_load(&slot->state) == ARMED && (slot->calls & call) && lies_in(slot, path)) {
      verdict = suffer(slot, &code);
    }
    atomic_fetch_sub(&slot->users, 1);
  }
  errno = verdict == FAIL ? code : saved;
  return verdict;
}

static enum verdict judge_file(uint32_t call, int descriptor) { return judge(call, descriptor, NULL); }
static enum verdict judge_path(uint32_t call, const char *path) { return judge(call, -1, path); }

// MARK: The calls

#define EXPORT __attribute__((visibility("default"), used))

static size_t granted(enum verdict verdict, size_t count) {
  return verdict == SHORT && count > 1 ? count / 2 : count;
}

EXPORT ssize_t write(int file, const void *bytes, size_t count) {
  enum verdict verdict = judge_file(PERSISTENCY_CALL_WRITE, file);
  if (verdict == FAIL) return -1;
  return syscall(SYS_write, file, bytes, granted(verdict, count));
}

static ssize_t write_at(int file, const void *bytes, size_t count, off_t offset) {
  enum verdict verdict = judge_file(PERSISTENCY_CALL_WRITE, file);
  if (verdict == FAIL) return -1;
  return syscall(SYS_pwrite64, file, bytes, granted(verdict, count), offset);
}
EXPORT ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
  return write_at(file, bytes, count, offset);
}
EXPORT ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) {
  return write_at(file, bytes, count, offset);
}

EXPORT ssize_t writev(int file, const struct iovec *parts, int count) {
  enum verdict verdict = judge_file(PERSISTENCY_CALL_WRITE, file);
  if (verdict == FAIL) return -1;
  if (verdict == SHORT && count > 0) {
    return syscall(SYS_write, file, parts[0].iov_base, granted(verdict, parts[0].iov_len));
  }
  return syscall(SYS_writev, file, parts, count);
}

static ssize_t write_parts_at(int file, const struct iovec *parts, int count, off_t offset) {
  enum verdict verdict = judge_file(PERSISTENCY_CALL_WRITE, file);
  if (verdict == FAIL) return -1;
  if (verdict == SHORT && count > 0) {
    return syscall(SYS_pwrite64, file, parts[0].iov_base, granted(verdict, parts[0].iov_len), offset);
  }
  return syscall(SYS_pwritev, file, parts, count, offset, 0);
}
EXPORT ssize_t pwritev(int file, const struct iovec *parts, int count, off_t offset) {
  return write_parts_at(file, parts, count, offset);
}
EXPORT ssize_t pwritev64(int file, const struct iovec *parts, int count, off64_t offset) {
  return write_parts_at(file, parts, count, offset);
}

EXPORT ssize_t read(int file, void *bytes, size_t count) {
  if (judge_file(PERSISTENCY_CALL_READ, file) == FAIL) return -1;
  return syscall(SYS_read, file, bytes, count);
}
static ssize_t read_at(int file, void *bytes, size_t count, off_t offset) {
  if (judge_file(PERSISTENCY_CALL_READ, file) == FAIL) return -1;
  return syscall(SYS_pread64, file, bytes, count, offset);
}
EXPORT ssize_t pread(int file, void *bytes, size_t count, off_t offset) { return read_at(file, bytes, count, offset); }
EXPORT ssize_t pread64(int file, void *bytes, size_t count, off64_t offset) {
  return read_at(file, bytes, count, offset);
}

EXPORT int fsync(int file) {
  if (judge_file(PERSISTENCY_CALL_SYNC, file) == FAIL) return -1;
  return (int)syscall(SYS_fsync, file);
}
EXPORT int fdatasync(int file) {
  if (judge_file(PERSISTENCY_CALL_SYNC, file) == FAIL) return -1;
  return (int)syscall(SYS_fdatasync, file);
}
EXPORT int sync_file_range(int file, off64_t offset, off64_t count, unsigned flags) {
  // Without flags nothing is asked for: RocksDB finds out so whether there is such a call, and asserts that it is told.
  if (flags != 0 && judge_file(PERSISTENCY_CALL_SYNC, file) == FAIL) return -1;
  return (int)syscall(SYS_sync_file_range, file, offset, count, flags);
}

static int cut(int file, off_t size) {
  if (judge_file(PERSISTENCY_CALL_TRUNCATE, file) == FAIL) return -1;
  return (int)syscall(SYS_ftruncate, file, size);
}
EXPORT int ftruncate(int file, off_t size) { return cut(file, size); }
EXPORT int ftruncate64(int file, off64_t size) { return cut(file, size); }
static int cut_path(const char *path, off_t size) {
  if (judge_path(PERSISTENCY_CALL_TRUNCATE, path) == FAIL) return -1;
  return (int)syscall(SYS_truncate, path, size);
}
EXPORT int truncate(const char *path, off_t size) { return cut_path(path, size); }
EXPORT int truncate64(const char *path, off64_t size) { return cut_path(path, size); }

static int allocate(int file, int mode, off_t offset, off_t count) {
  if (judge_file(PERSISTENCY_CALL_TRUNCATE, file) == FAIL) return -1;
  return (int)syscall(SYS_fallocate, file, mode, offset, count);
}
EXPORT int fallocate(int file, int mode, off_t offset, off_t count) { return allocate(file, mode, offset, count); }
EXPORT int fallocate64(int file, int mode, off64_t offset, off64_t count) {
  return allocate(file, mode, offset, count);
}
// These give the error instead of setting it.
EXPORT int posix_fallocate(int file, off_t offset, off_t count) {
  int saved = errno, code = allocate(file, 0, offset, count) == 0 ? 0 : errno;
  errno = saved;
  return code;
}
EXPORT int posix_fallocate64(int file, off64_t offset, off64_t count) { return posix_fallocate(file, offset, count); }

static int open_at(int folder, const char *path, int flags, mode_t mode) {
  if (judge_path(PERSISTENCY_CALL_OPEN, path) == FAIL) return -1;
  return (int)syscall(SYS_openat, folder, path, flags, mode);
}
#define MODE(flags, mode)                                 \
  mode_t mode = 0;                                        \
  if ((flags) & (O_CREAT | __O_TMPFILE)) {                \
    va_list rest;                                         \
    va_start(rest, flags);                                \
    mode = va_arg(rest, mode_t);                          \
    va_end(rest);                                         \
  }
EXPORT int open(const char *path, int flags, ...) {
  MODE(flags, mode)
  return open_at(AT_FDCWD, path, flags, mode);
}
EXPORT int open64(const char *path, int flags, ...) {
  MODE(flags, mode)
  return open_at(AT_FDCWD, path, flags, mode);
}
EXPORT int openat(int folder, const char *path, int flags, ...) {
  MODE(flags, mode)
  return open_at(folder, path, flags, mode);
}
EXPORT int openat64(int folder, const char *path, int flags, ...) {
  MODE(flags, mode)
  return open_at(folder, path, flags, mode);
}

static void *map(void *address, size_t length, int protection, int flags, int file, off_t offset) {
  if (file >= 0 && judge_file(PERSISTENCY_CALL_MAP, file) == FAIL) return MAP_FAILED;
  return (void *)syscall(SYS_mmap, address, length, protection, flags, file, offset);
}
EXPORT void *mmap(void *address, size_t length, int protection, int flags, int file, off_t offset) {
  return map(address, length, protection, flags, file, offset);
}
EXPORT void *mmap64(void *address, size_t length, int protection, int flags, int file, off64_t offset) {
  return map(address, length, protection, flags, file, offset);
}

EXPORT int rename(const char *path, const char *target) {
  if (judge_path(PERSISTENCY_CALL_RENAME, path) == FAIL) return -1;
  return (int)syscall(SYS_renameat2, AT_FDCWD, path, AT_FDCWD, target, 0);
}
EXPORT int link(const char *path, const char *target) {
  if (judge_path(PERSISTENCY_CALL_RENAME, path) == FAIL) return -1;
  return (int)syscall(SYS_linkat, AT_FDCWD, path, AT_FDCWD, target, 0);
}
EXPORT int unlink(const char *path) {
  if (judge_path(PERSISTENCY_CALL_REMOVE, path) == FAIL) return -1;
  return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}
EXPORT int rmdir(const char *path) {
  if (judge_path(PERSISTENCY_CALL_REMOVE, path) == FAIL) return -1;
  return (int)syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR);
}
EXPORT int mkdir(const char *path, mode_t mode) {
  if (judge_path(PERSISTENCY_CALL_FOLDER, path) == FAIL) return -1;
  return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

// MARK: The wall clock

static _Atomic int64_t shift;

void persistency_fault_shift_clock(int64_t seconds) { atomic_store(&shift, seconds); }

EXPORT int clock_gettime(clockid_t clock, struct timespec *time) {
  int result = (int)syscall(SYS_clock_gettime, clock, time);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    time->tv_sec += atomic_load_explicit(&shift, memory_order_relaxed);
  }
  return result;
}
EXPORT int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  (void)zone;
  struct timespec now;
  if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / 1000;
  return 0;
}
EXPORT time_t time(time_t *result) {
  struct timespec now;
  if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
  if (result != NULL) *result = now.tv_sec;
  return now.tv_sec;
}


// Not a fault, but the cure of one: Foundation's Process copies whole entries of /proc/self/fd, past the end of the C library's
// list where that is long, and crashes now and then. Each thread's last entry lies in a place that is large enough.
static struct dirent64 *next_entry(DIR *folder) {
  static _Thread_local struct dirent64 entry;
  static _Atomic(struct dirent64 *(*)(DIR *)) original;
  struct dirent64 *(*call)(DIR *) = original;
  if (!call) original = call = (struct dirent64 *(*)(DIR *))dlsym(RTLD_NEXT, "readdir64");
  struct dirent64 *found = call ? call(folder) : NULL;
  if (!found) return NULL;
  memcpy(&entry, found, found->d_reclen < sizeof entry ? found->d_reclen : sizeof entry);
  return &entry;
}
EXPORT struct dirent64 *readdir64(DIR *folder) { return next_entry(folder); }
// The same layout where this is compiled.
EXPORT struct dirent *readdir(DIR *folder) { return (struct dirent *)(void *)next_entry(folder); }

#else

bool persistency_faults_available(void) { return false; }
int persistency_fault_arm(
  const char *folder, uint32_t calls, uint64_t first, uint64_t count, int effect, int code) {
  return -1;
}
uint64_t persistency_fault_seen(int number) { return 0; }
uint64_t persistency_fault_hits(int number) { return 0; }
void persistency_fault_release(int number) {}
void persistency_fault_shift_clock(int64_t seconds) {}
void persistency_fault_disarm(int number) {}

#endif
