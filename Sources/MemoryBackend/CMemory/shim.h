/// Asks the processor for the memory at an address, which need not be one; nothing waits for it.
static inline void persistency_memory_prefetch(const void *address) { __builtin_prefetch(address); }
