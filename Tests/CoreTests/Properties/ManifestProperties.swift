@testable import PersistencyCore

/// What must hold of any bytes that are found where a job's manifest should be.
package enum ManifestProperties {
  package static func check(_ bytes: [UInt8]) throws {
    let manifest: JobManifest
    do throws(PersistencyError) {
      manifest = try JobManifest.decoded(bytes, "fuzz.job")
    } catch {
      return try BrokenProperty.unless(
        (error.kind == .corrupted || error.kind == .unsupported) && error.message.contains("fuzz.job"),
        "the manifest was refused: \(error)")
    }
    let (pretty, compact) = (try manifest.encoded(compact: false), try manifest.encoded(compact: true))
    // It is written over the other, in its place, where a full disk has no room.
    try BrokenProperty.unless(compact.count < pretty.count, "the compact form is no shorter")
    for form in [pretty, compact] {
      let again = try JobManifest.decoded(form, "fuzz.job").encoded(compact: true)
      try BrokenProperty.unless(again == compact, "\(compact) was read as \(again)")
    }
    // The id that it names is somebody's, or nobody's.
    if let id = try? JobID(manifest.id) { try JobIDProperties.check(id) }
  }
}
