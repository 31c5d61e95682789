import CPersistencyRocksDB
import Synchronization

/// How RocksDB is set up for a store: what it opens with, in its own terms.
struct RocksSettings: Sendable {
  let options: RocksOptions
  let durability: Durability

  /// What a store is opened for.
  enum Mode: Equatable {
    case create
    case write
    /// Beside a writer: its state now.
    case read
    /// For ``RocksBackend/check(_:)``: as `read`, but every block comes from the disk; and a log that is not whole is an error,
    /// unless it may be torn by rights.
    case examine(tornLog: Bool)
  }

  /// RocksDB's `WALRecoveryMode`.
  ///
  /// Point in time (2) in all but an examination: what follows the first unreadable record is dropped. Only so does a
  /// store at `.consistent` open after a power loss, which may keep a later page of the log and lose an earlier one,
  /// and one at `.full`, whose last, unacknowledged record may be torn in the same way; modes 0 and 1 would refuse
  /// both. At `.full` every acknowledged record was synced, so that nothing but a failing disk makes it drop one.
  /// Damage to a log that was whole is noticed by 1, absolute consistency.
  private enum LogRecovery: Int32 {
    case absolute = 1
    case pointInTime = 2
  }

  /// Opens the database.
  func open(_ path: String, _ mode: Mode) -> Result<OpaquePointer, RocksFailure> {
    let base: OpaquePointer = rocksdb_options_create()
    let settings: OpaquePointer = rocksdb_options_create()
    defer {
      rocksdb_options_destroy(base)
      rocksdb_options_destroy(settings)
    }
    describe(base, mode)
    var text: UnsafeMutablePointer<CChar>?
    // The one setting that has no function of its own. Else each open store would hold 1.1 write buffers of disk for
    // its log, and 4 MiB for its manifest, with nothing in them.
    rocksdb_get_options_from_string(base, "allow_fallocate=false", settings, &text)
    if let text { return .failure(RocksFailure(taking: text)) }
    let db: OpaquePointer?
    switch mode {
    case .create, .write: db = rocksdb_open(settings, path, &text)
    case .read, .examine: db = rocksdb_open_for_read_only(settings, path, 0, &text)
    }
    if let text { return .failure(RocksFailure(taking: text)) }
    guard let db else { return .failure(RocksFailure("no database and no reason")) }
    return .success(db)
  }

  func describe(_ settings: OpaquePointer, _ mode: Mode) {
    let shared = RocksShared.process
    rocksdb_options_set_env(settings, shared.environment)
    rocksdb_options_set_create_if_missing(settings, mode == .create ? 1 : 0)
    rocksdb_options_set_paranoid_checks(settings, 1)
    rocksdb_options_set_wal_recovery_mode(
      settings, (mode == .examine(tornLog: false) ? LogRecovery.absolute : .pointInTime).rawValue)
    rocksdb_options_set_manual_wal_flush(settings, 0)
    rocksdb_options_set_is_fd_close_on_exec(settings, 1)

    // FATAL only. Builds with assertions, Debian's among them, abort the process when this log meets a full disk.
    rocksdb_options_set_info_log_level(settings, 4)
    rocksdb_options_set_keep_log_file_num(settings, 2)
    rocksdb_options_set_stats_dump_period_sec(settings, 0)
    rocksdb_options_set_stats_persist_period_sec(settings, 0)

    rocksdb_options_set_write_buffer_size(settings, options.writeBufferBytes)
    rocksdb_options_set_max_write_buffer_number(settings, 3)
    rocksdb_options_set_max_background_jobs(settings, 2)
    // A thread that cannot be made is a C++ exception, which nothing here could catch: as few as possible.
    rocksdb_options_set_max_file_opening_threads(settings, 1)
    rocksdb_options_set_skip_stats_update_on_db_open(settings, 1)
    // A writer beside us may remove files that we have not opened yet: a reader opens all of them at once.
    let keepsAllOpen = !(mode == .create || mode == .write)
    rocksdb_options_set_max_open_files(settings, keepsAllOpen ? -1 : Int32(clamping: options.maxOpenFiles))
    rocksdb_options_set_compression(settings, options.compression.code)
    // Tables that are mostly deletions are compacted first: a scan would step over each of them.
    rocksdb_options_add_compact_on_deletion_collector_factory(settings, 8_192, 4_096)

    let table = rocksdb_block_based_options_create()
    defer { rocksdb_block_based_options_destroy(table) }
    rocksdb_block_based_options_set_filter_policy(table, rocksdb_filterpolicy_create_bloom_full(10))
    if case .examine = mode {
      rocksdb_block_based_options_set_no_block_cache(table, 1)
    } else {
      rocksdb_block_based_options_set_block_cache(table, shared.cache(bytes: options.sharedCacheBytes))
    }
    rocksdb_options_set_block_based_table_factory(settings, table)
  }
}

extension RocksOptions.Compression {
  fileprivate var code: Int32 {
    switch self {
    case .none: Int32(rocksdb_no_compression)
    case .snappy: Int32(rocksdb_snappy_compression)
    case .lz4: Int32(rocksdb_lz4_compression)
    case .zstd: Int32(rocksdb_zstd_compression)
    }
  }
}

/// What all stores of the process share, as long as it lives: RocksDB's threads and the block cache.
final class RocksShared: @unchecked Sendable {
  // Sendable: `environment` is set once, and both objects are safe to use from any thread.
  static let process = RocksShared()

  let environment: OpaquePointer
  private let cache = Locked<UInt?>(nil)
  private let number = Atomic(0)

  private init() {
    environment = rocksdb_create_default_env()
    rocksdb_env_set_background_threads(environment, 1)
    rocksdb_env_set_high_priority_background_threads(environment, 1)
  }

  /// One that nothing else in the process has.
  func nextNumber() -> Int { number.wrappingAdd(1, ordering: .relaxed).newValue }

  /// The block cache; the first to ask decides its size.
  func cache(bytes: Int) -> OpaquePointer? {
    cache.withLock { cache in
      let address = cache ?? UInt(bitPattern: rocksdb_cache_create_lru(bytes))
      cache = address
      return OpaquePointer(bitPattern: address)
    }
  }
}
