import Foundation
import PersistencyCore
import Testing

@Suite("A backup is there as a whole, or not at all")
struct BackupFilesTests {
  let folder = FileManager.default.temporaryDirectory.path + "/backup-files-" + UUID().uuidString

  /// Runs `body` with a folder of its own, and the name of a target in it.
  func inFolder(_ body: (_ target: String) throws -> Void) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder + "/copy")
  }

  static func write(_ text: String, _ path: String) {
    _ = FileManager.default.createFile(atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o644])
  }

  static func makeTree(_ path: String) {
    try? FileManager.default.createDirectory(atPath: path + "/inner", withIntermediateDirectories: true)
    write("1", path + "/one")
    write("2", path + "/inner/two")
  }

  func kind(_ body: () throws -> Void) -> PersistencyError.Kind? {
    do { try body() } catch { return (error as? PersistencyError)?.kind }
    return nil
  }

  func left() throws -> [String] { try FileManager.default.subpathsOfDirectory(atPath: folder).sorted() }

  func mode(_ path: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
  }

  @Test("A file and a folder get their names, private modes, and leave nothing beside them")
  func published() throws {
    try inFolder { target throws in
      try BackupFiles.make(at: target) { draft throws(PersistencyError) in
        #expect(draft.hasPrefix(target + ".part/"))
        Self.write("copy", draft)
      }
      #expect(try String(contentsOfFile: target, encoding: .utf8) == "copy")
      try BackupFiles.make(at: target + "s//") { draft throws(PersistencyError) in Self.makeTree(draft) }
      #expect(try left() == ["copy", "copys", "copys/inner", "copys/inner/two", "copys/one"])
      #expect(try mode(target) == 0o600 && mode(target + "s") == 0o700 && mode(target + "s/inner") == 0o700)
      #expect(try mode(target + "s/inner/two") == 0o600)
    }
  }

  @Test("What stands at the target is left alone", arguments: ["file", "folder", "full folder", "link", "late"])
  func taken(_ what: String) throws {
    try inFolder { target throws in
      func put() {
        switch what {
        case "folder": mkdir(target, 0o700)
        case "full folder": Self.makeTree(target)
        case "link": symlink("/nowhere", target)
        default: Self.write("mine", target)
        }
      }
      if what != "late" { put() }
      let before = try left()
      var ran = false
      let found = kind {
        try BackupFiles.make(at: target) { draft throws(PersistencyError) in
          ran = true
          Self.write("copy", draft)
          if what == "late" { put() }
        }
      }
      #expect(found == .conflict && ran == (what == "late"))
      #expect(try left() == (what == "late" ? ["copy"] : before))
      if what == "late" { #expect(try String(contentsOfFile: target, encoding: .utf8) == "mine") }
    }
  }

  @Test("A folder that appears with something in it is left alone too")
  func lateFolder() throws {
    try inFolder { target throws in
      let found = kind {
        try BackupFiles.make(at: target) { draft throws(PersistencyError) in
          Self.makeTree(draft)
          Self.makeTree(target)
          Self.write("mine", target + "/one")
        }
      }
      #expect(found == .conflict)
      #expect(try left() == ["copy", "copy/inner", "copy/inner/two", "copy/one"])
      #expect(try String(contentsOfFile: target + "/one", encoding: .utf8) == "mine")
    }
  }

  @Test("One that fails leaves nothing, and what a killed one left goes with the next")
  func failed() throws {
    try inFolder { target throws in
      let found = kind {
        try BackupFiles.make(at: target) { draft throws(PersistencyError) in
          Self.makeTree(draft)
          throw PersistencyError(.storageFull, "no room")
        }
      }
      #expect(try found == .storageFull && left() == [])
      Self.makeTree(target + ".part")
      Self.makeTree(target + ".part/draft")
      try BackupFiles.make(at: target) { draft throws(PersistencyError) in
        #expect(!FileManager.default.fileExists(atPath: draft))
        Self.write("copy", draft)
      }
      #expect(try left() == ["copy"])
    }
  }

  @Test("A second one to the same target is refused while the first is under way")
  func twice() throws {
    try inFolder { target throws in
      var inner: PersistencyError.Kind?
      try BackupFiles.make(at: target) { draft throws(PersistencyError) in
        Self.write("first", draft)
        inner = kind { try BackupFiles.make(at: target) { draft throws(PersistencyError) in Self.write("2", draft) } }
      }
      #expect(inner == .locked)
      #expect(try left() == ["copy"] && String(contentsOfFile: target, encoding: .utf8) == "first")
    }
  }

  @Test("A path that names no file is refused", arguments: ["", "/", "///", "a\u{0}b"])
  func badPath(_ path: String) {
    #expect(kind { try BackupFiles.make(at: path) { _ throws(PersistencyError) in } } == .invalidArgument)
  }

  @Test("A folder that is missing, or a file in its place, is an error that says so")
  func noParent() throws {
    try inFolder { target throws in
      #expect(kind { try BackupFiles.make(at: target + "/x") { _ throws(PersistencyError) in } } == .backend)
      Self.write("mine", target + ".part")
      #expect(kind { try BackupFiles.make(at: target) { _ throws(PersistencyError) in } } == .invalidArgument)
      #expect(try String(contentsOfFile: target + ".part", encoding: .utf8) == "mine")
    }
  }
}
