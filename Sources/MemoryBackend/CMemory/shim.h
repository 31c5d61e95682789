/// Asks the processor to fetch the memory at an address ahead of its use; nothing waits for it, and an address that is none does no harm.
static inline void persistency_memory_prefetch(const void *address) { __builtin_prefetch(address); }
