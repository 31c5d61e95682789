import PersistencyCore

extension ConformanceCheck {
  /// R: what the original's jobs could do, case by case, and what they got wrong at once.
  static let jobs: [ConformanceCheck] = [
    ofJobs("job.put-then-get", "A put that is only queued is read by the get after it", paragraph: "6") { check in
      try await check.withJob { job in
        try await job.persist([.set("a", "1")])
        try check.expectEqual(try await job.text("a"), "1", "the row")
        try check.expectEqual(try await job.exists(category: "c", key: Key(plain: "a")), true, "whether it exists")
        try check.expectEqual(try await job.text("b"), nil, "a row that was not put")
      }
    },
    ofJobs("job.batch-visible-together", "A queued batch is visible as a whole, over categories", paragraph: "4.3") {
      check in
      try await check.withJob { job in
        try await job.persist([.set("a", "1"), .set("b", "2", in: "d"), .set("x", "3"), .remove("x")])
        try check.expectEqual(try await job.texts(), ["a=1"], "the one category")
        try check.expectEqual(try await job.texts("d"), ["b=2"], "the other")
        try check.expectEqual(try await job.categories(), ["c", "d"], "the categories")
      }
    },
    ofJobs(
      "job.scan-prefix-both-ways", "scanPrefix gives a prefix forward and backward, an empty one all", paragraph: "6"
    ) { check in
      try await check.withJob { job in
        try await job.persist(["a", "ab", "abc", "ac", "b"].map { .set($0, "1") })
        let forward = try await job.scanPrefix(category: "c", prefix: Key(plain: "ab"))
        try check.expectEqual(forward.map(\.plain), ["ab=1", "abc=1"], "the prefix")
        let back = try await job.scanPrefix(category: "c", prefix: Key(plain: "a"), reverse: true, limit: 2)
        try check.expectEqual(back.map(\.plain), ["ac=1", "abc=1"], "the prefix, backward")
        try check.expectEqual(try await job.scanPrefix(category: "c", prefix: Key()).count, 5, "the empty prefix")
        let keys = try await job.keys(category: "c", reverse: true, limit: 1)
        try check.expectEqual(keys.map(\.plain), ["b"], "the last key")
        let count = try await job.count(category: "c", range: KeyRange(prefix: Key(plain: "a")))
        try check.expectEqual(count, 4, "the count of the prefix")
      }
    },
    ofJobs("job.delete-acknowledged", "An acknowledged delete says whether its row was there", paragraph: "6") {
      check in
      try await check.withJob { job in
        try await job.persist([.set("a", "1")])
        try check.expectEqual(try await job.deleteAcked(category: "c", key: Key(plain: "a")), true, "the first")
        try check.expectEqual(try await job.deleteAcked(category: "c", key: Key(plain: "a")), false, "the second")
        try check.expectEqual(try await job.delete(category: "c", key: Key(plain: "b")), false, "one never there")
      }
    },
    ofJobs("job.queued-deletes", "Queued deletes remove a row, a prefix, a range and a category", paragraph: "6") {
      check in
      try await check.withJob { job in
        try await job.persist(["a", "ba", "bb", "c", "d", "e"].map { .set($0, "1") } + [.set("z", "1", in: "d")])
        try await job.persistDelete(category: "c", key: Key(plain: "a"))
        try await job.persistDeletePrefix(category: "c", prefix: Key(plain: "b"))
        try await job.persistDeleteRange(category: "c", range: KeyRange(plain: "c", "e"))
        try check.expectEqual(try await job.texts(), ["e=1"], "the rows left")
        try await job.persistDeletePrefix(category: "c", prefix: Key())
        try check.expectEqual(try await job.categories(), ["d"], "the categories left")
      }
    },
    ofJobs(
      "job.empty-payload", "An empty payload is stored and read as such, by queued and acknowledged puts",
      paragraph: "4.2"
    ) { check in
      try await check.withJob { job in
        try await job.persistPut(category: "", key: Key(), payload: [])
        try await job.put(category: "c", key: Key(plain: "a"), payload: [])
        try check.expectEqual(try await job.get(category: "", key: Key()), [], "the queued one")
        try check.expectEqual(try await job.get(category: "c", key: Key(plain: "a")), [], "the acknowledged one")
        try check.expectEqual(try await job.get(category: "c", key: Key(plain: "b")), nil, "a missing one")
        let replaced = try await job.compareAndSet(
          category: "c", key: Key(plain: "a"), expected: nil, payload: [1])
        try check.expectEqual(replaced, false, "whether an empty payload counted as missing")
      }
    },
    ofJobs("job.encoded", "Encoded values come back as they were, in both codecs", paragraph: "3") { check in
      struct Setting: Codable, Equatable { var name: String, number: Int, isOn: Bool }
      let value = Setting(name: "naïve", number: -7, isOn: true)
      try await check.withJob { job in
        for codec in [PayloadCodec.parts, .json] {
          try await job.persistEncoded(category: "c", key: Key("q"), value, codec: codec)
          try await job.putEncoded(category: "c", key: Key("a"), value, codec: codec)
          for name in ["q", "a"] {
            let found = try await job.get(Setting.self, category: "c", key: Key(name), codec: codec)
            try check.expectEqual(found, value, "the value")
          }
        }
        let missing = try await job.get(Setting.self, category: "c", key: Key("none"))
        try check.expectEqual(missing, nil, "a missing value")
      }
    },
    ofJobs("job.own-order", "Writes of one task apply in its order, queued and acknowledged mixed", paragraph: "6") {
      check in
      try await check.withJob(check.quickest) { job in
        for round in 0..<300 {
          switch round % 3 {
          case 0: try await job.persist([.set("a", "\(round)")])
          case 1: try await job.apply([.set("a", "\(round)")])
          default: _ = try await job.delete(category: "c", key: Key(plain: "a"))
          }
          try check.expectEqual(try await job.text("a"), round % 3 == 2 ? nil : "\(round)", "the row")
        }
      }
    },
    ofJobs(
      "job.limits-at-the-call", "What is over a limit, or an invalid key, throws at the call and queues nothing",
      paragraph: "4.10"
    ) { check in
      try await check.withJob { job in
        let long = Key(rawBytes: [UInt8](repeating: 1, count: check.fixture.limits.keyBytes + 1))
        let wide = String(repeating: "x", count: check.fixture.limits.categoryBytes + 1)
        try await check.expectFailure(.invalidArgument, "a long key") {
          try await job.persist([.set("a", "1"), .put(category: "c", key: long, payload: [])])
        }
        try await check.expectFailure(.invalidArgument, "a long category") {
          try await job.apply([.set("a", "1", in: wide)])
        }
        try await check.expectFailure(.invalidArgument, "an invalid key") {
          try await job.persistPut(category: "c", key: Key(String(repeating: "x", count: 70_000)), payload: [])
        }
        try await check.expectFailure(.invalidArgument, "a negative limit") {
          _ = try await job.scan(category: "c", limit: -1)
        }
        try check.expectError(.invalidArgument, "enqueue") { _ = try job.enqueue([.set("a", "1", in: wide)]) }
        try await job.flush()
        try check.expectEqual(try await job.texts(), [], "the rows")
      }
    },
    ofJobs(
      "job.full-on-each-level", "A batch may ask for .full: granted but on a volatile job", paragraph: "4, durability"
    ) { check in
      for level in Durability.allCases where check.fixture.capabilities.durability.contains(level) {
        try await check.withJobs { jobs in
          let job = try await jobs.openJob("job \(level)", options: JobOptions(durability: level))
          try await job.persist([.set("before", "1")])
          if level == .volatile {
            try await check.expectFailure(.invalidArgument, "a .full batch") {
              try await job.apply([.set("a", "1")], durability: .full)
            }
            try check.expectEqual(try await job.text("a"), nil, "the refused row")
          } else {
            try await job.apply([.set("a", "1")], durability: .full)
            try await job.put(category: "c", key: Key(plain: "b"), payload: [], durability: .full)
            let found = try await job.delete(category: "c", key: Key(plain: "b"), durability: .full)
            try check.expectEqual(found, true, "what a .full delete found")
            try check.expectEqual(try await job.text("a"), "1", "the row")
          }
          try await job.apply([.set("own", "1")], durability: level)
          try check.expectEqual(try await job.text("before"), "1", "what was queued before")
        }
      }
    },
  ]
}
