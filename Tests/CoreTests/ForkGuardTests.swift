#if canImport(Glibc)
  import Glibc
  import PersistencyCore
  import Testing

  @Suite("The fork guard")
  struct ForkGuardTests {
    @Test("a gate made before fork refuses in the child, and goes on in the parent")
    func forked() throws {
      // Swift hides fork(); the child only asks the gate and leaves without running anybody's exit handlers.
      let symbol = try #require(dlsym(nil, "fork"))
      let fork = unsafeBitCast(symbol, to: (@convention(c) () -> pid_t).self)
      let gate = CallGate {}
      let guarded = ForkGuard()
      #expect(!guarded.isForked)
      let child = fork()
      if child == 0 {
        var answer: Int32 = guarded.isForked ? 0 : 1
        do throws(PersistencyError) {
          try gate.enter()
          answer |= 2
        } catch {
          if error.kind != .unsupported { answer |= 4 }
        }
        gate.close()
        if ForkGuard().isForked { answer |= 8 }
        _exit(answer)
      }
      var status: Int32 = -1
      #expect(child > 0)
      #expect(waitpid(child, &status, 0) == child)
      #expect(status == 0, "the child's answer, shifted by eight bits")
      #expect(!guarded.isForked)
      try gate.enter()
      gate.leave()
      gate.close()
    }
  }
#endif
