// System calls of this process that fail on demand.
//
// The functions of the C library that touch files are defined here once more; what is linked into a program, the engines'
// shared libraries included, then finds these. They make the system call, unless a fault is armed for it.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// Which calls; a set of bits.
enum {
  PERSISTENCY_CALL_WRITE = 1,      // write, pwrite, writev, pwritev
  PERSISTENCY_CALL_SYNC = 2,       // fsync, fdatasync, sync_file_range
  PERSISTENCY_CALL_TRUNCATE = 4,   // truncate, ftruncate, fallocate, posix_fallocate
  PERSISTENCY_CALL_OPEN = 8,       // open, openat, creat
  PERSISTENCY_CALL_READ = 16,      // read, pread
  PERSISTENCY_CALL_MAP = 32,       // mmap of a file
  PERSISTENCY_CALL_RENAME = 64,    // rename, link
  PERSISTENCY_CALL_REMOVE = 128,   // unlink, rmdir
  PERSISTENCY_CALL_FOLDER = 256,   // mkdir
};

enum {
  PERSISTENCY_EFFECT_ERROR,  // fails with the code, and does nothing
  PERSISTENCY_EFFECT_SHORT,  // a write writes half of its bytes, and says so; other calls are made
  PERSISTENCY_EFFECT_KILL,   // the process is killed before the call
  PERSISTENCY_EFFECT_HOLD,   // waits until it is released or disarmed, then makes the call
};

// Whether this build can; it cannot under a sanitizer, which defines the same functions.
bool persistency_faults_available(void);

// Arms a fault for calls on files at or below `folder`, an absolute path: the `first` one (from 1) and those after it,
// `count` in all, or all of them if `count` is 0.
// Gives a number for the calls below, or -1 when there are too many or the path is too long.
int persistency_fault_arm(
  const char *folder, uint32_t calls, uint64_t first, uint64_t count, int effect, int code);

// How many such calls were made, and to how many of them it happened.
uint64_t persistency_fault_seen(int number);
uint64_t persistency_fault_hits(int number);

// Lets the calls that are held go on, and holds no more.
void persistency_fault_release(int number);

// From now on the wall clock, in this process, is so many seconds ahead; the monotonic clocks are what they are.
void persistency_fault_shift_clock(int64_t seconds);

// Returns when no call looks at the fault any more; the number is then free.
void persistency_fault_disarm(int number);
