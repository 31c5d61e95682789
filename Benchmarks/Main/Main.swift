import PersistencyBenchmarks

@main
enum Main {
  static func main() { BenchProgram.main() }
}
