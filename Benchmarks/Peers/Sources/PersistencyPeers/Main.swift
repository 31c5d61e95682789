import PersistencyBenchmarks

@main
enum Main {
  static func main() {
    BenchProgram.main(peers: [
      .grdb { folder, terms in try GRDBSubject(folder: folder, terms) },
      .sortedDictionary { _, _ in SortedDictionarySubject() },
    ])
  }
}
