/// Every command that is prepared, by name, once a connection.
///
/// All SQL is within what PostgreSQL, CockroachDB and YugabyteDB have in common, but for ``own`` commands, which only
/// PostgreSQL itself is sent.
enum PostgresQuery: UInt8, CaseIterable {
  // Transactions
  case begin, beginRead, commit, rollback
  // The job's row
  case findJob, findJobAlive, claim, release, guardWrite, ledger, touch, createJob, markJob, deleteJob
  case listJobs, listJobsAlive
  // Rows
  case get, exists, matches
  case putOne, puts, deletes, deleteBetween, deleteFrom, tenThousandth, deleteThrough, deleteAll
  case scanBetween, scanFrom, scanBetweenReverse, scanFromReverse
  case pageBetween, pageFrom, pageBetweenReverse, pageFromReverse
  case everything, everythingAfter
  case countBetween, countFrom, categories, size, oversized
  // The server
  case set, lockSession, ping

  /// What it is called on its connection; the same words as here.
  var name: UnsafePointer<CChar> { Self.names.texts[Int(rawValue)] }

  /// Its place in a set of them, of which there are fewer than 64.
  var bit: UInt64 { 1 << UInt64(rawValue) }

  private struct Names: @unchecked Sendable {
    // Sendable: made once, before any thread sees them, and never changed or freed.
    let texts = allCases.map { query in
      let utf8 = Array(String(describing: query).utf8CString)
      let text = UnsafeMutablePointer<CChar>.allocate(capacity: utf8.count)
      text.initialize(from: utf8, count: utf8.count)
      return UnsafePointer(text)
    }
  }

  private static let names = Names()

  private static let within = "WHERE job=$1 AND category=$2 AND key>=$3"
  /// A payload over this many bytes does not come with its page, so that a page is small whatever it holds.
  static let mostInlineBytes = 32 << 10
  private static let inline = "CASE WHEN octet_length(payload)<=\(mostInlineBytes) THEN payload END"

  var sql: String {
    switch self {
    case .begin: "BEGIN"
    case .beginRead: "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
    case .commit: "COMMIT"
    case .rollback: "ROLLBACK"

    case .findJob: Self.job(isAlive: "owner IS NOT NULL", where: "name=$1")
    case .findJobAlive: Self.job(isAlive: Self.lives, where: "name=$1")
    case .listJobs: Self.job(isAlive: "owner IS NOT NULL", where: "name>=$1 AND name<$2 ORDER BY name")
    case .listJobsAlive: Self.job(isAlive: Self.lives, where: "name>=$1 AND name<$2 ORDER BY name")
    case .claim:
      "UPDATE kv_jobs SET epoch=epoch+1, owner=$3, holder=$4 WHERE job=$1 AND epoch=$2 RETURNING epoch, seq"
    case .release: "UPDATE kv_jobs SET owner=NULL, holder=$3 WHERE job=$1 AND epoch=$2"
    // A row that is not as it should be fails by the NOT NULL of seq, a row that is gone by the division: what follows in the
    // pipeline is then skipped, the commit too. A command that changes no row would let it run on.
    case .guardWrite:
      "WITH g AS (UPDATE kv_jobs SET seq=CASE WHEN epoch=$3 AND seq=$2-1 THEN $2 END WHERE job=$1 RETURNING 1) SELECT 1/count(*) FROM g"
    case .ledger: "SELECT epoch, seq FROM kv_jobs WHERE job=$1"
    case .touch: "UPDATE kv_jobs SET seq=seq WHERE job=$1 RETURNING epoch, seq"
    case .createJob:
      "INSERT INTO kv_jobs(job,name,epoch,seq,state,token) VALUES($1,$2,0,0,$3,$4) ON CONFLICT DO NOTHING"
    case .markJob: "UPDATE kv_jobs SET state=$3, successor=nullif($4,'') WHERE job=$1 AND epoch=$2"
    case .deleteJob: "DELETE FROM kv_jobs WHERE job=$1 AND epoch=$2"

    case .get: "SELECT payload FROM kv WHERE job=$1 AND category=$2 AND key=$3"
    case .exists: "SELECT 1 FROM kv WHERE job=$1 AND category=$2 AND key=$3"
    case .matches:
      "SELECT CASE WHEN octet_length(u.a)=1 THEN k.key IS NULL ELSE k.payload IS NOT DISTINCT FROM u.p END FROM unnest($2::bytea[],$3::bytea[],$4::bytea[],$5::bytea[]) WITH ORDINALITY AS u(c,k,p,a,i) LEFT JOIN kv k ON k.job=$1 AND k.category=u.c AND k.key=u.k ORDER BY u.i"
    case .putOne:
      "INSERT INTO kv(job,category,key,payload) VALUES($1,$2,$3,$4) ON CONFLICT(job,category,key) DO UPDATE SET payload=excluded.payload"
    case .puts:
      "INSERT INTO kv(job,category,key,payload) SELECT $1,u.c,u.k,u.p FROM unnest($2::bytea[],$3::bytea[],$4::bytea[]) AS u(c,k,p) ON CONFLICT(job,category,key) DO UPDATE SET payload=excluded.payload"
    case .deletes:
      "DELETE FROM kv WHERE job=$1 AND (category,key) IN (SELECT u.c,u.k FROM unnest($2::bytea[],$3::bytea[]) AS u(c,k))"
    case .deleteBetween: "DELETE FROM kv \(Self.within) AND key<$4"
    case .deleteFrom: "DELETE FROM kv \(Self.within)"
    case .tenThousandth: "SELECT category,key FROM kv WHERE job=$1 ORDER BY category,key OFFSET 9999 LIMIT 1"
    case .deleteThrough: "DELETE FROM kv WHERE job=$1 AND (category,key)<=($2,$3)"
    case .deleteAll: "DELETE FROM kv WHERE job=$1"

    case .scanBetween: "SELECT key,payload FROM kv \(Self.within) AND key<$4 ORDER BY key LIMIT $5"
    case .scanFrom: "SELECT key,payload FROM kv \(Self.within) ORDER BY key LIMIT $4"
    case .scanBetweenReverse: "SELECT key,payload FROM kv \(Self.within) AND key<$4 ORDER BY key DESC LIMIT $5"
    case .scanFromReverse: "SELECT key,payload FROM kv \(Self.within) ORDER BY key DESC LIMIT $4"
    case .pageBetween: "SELECT key,\(Self.inline) FROM kv \(Self.within) AND key<$4 ORDER BY key LIMIT $5"
    case .pageFrom: "SELECT key,\(Self.inline) FROM kv \(Self.within) ORDER BY key LIMIT $4"
    case .pageBetweenReverse:
      "SELECT key,\(Self.inline) FROM kv \(Self.within) AND key<$4 ORDER BY key DESC LIMIT $5"
    case .pageFromReverse: "SELECT key,\(Self.inline) FROM kv \(Self.within) ORDER BY key DESC LIMIT $4"
    case .everything: "SELECT key,\(Self.inline),category FROM kv WHERE job=$1 ORDER BY category,key LIMIT $2"
    case .everythingAfter:
      "SELECT key,\(Self.inline),category FROM kv WHERE job=$1 AND (category,key)>($2,$3) ORDER BY category,key LIMIT $4"

    case .countBetween: "SELECT count(*) FROM kv \(Self.within) AND key<$4"
    case .countFrom: "SELECT count(*) FROM kv \(Self.within)"
    // From each category to the next: a seek each.
    case .categories:
      "WITH RECURSIVE c(category) AS ((SELECT category FROM kv WHERE job=$1 ORDER BY category LIMIT 1) UNION ALL SELECT (SELECT k.category FROM kv k WHERE k.job=$1 AND k.category>c.category ORDER BY k.category LIMIT 1) FROM c WHERE c.category IS NOT NULL) SELECT category FROM c WHERE category IS NOT NULL"
    // Row and index entry, with what both take beside the bytes: about, and the same on every server.
    case .size:
      "SELECT coalesce(sum(2*(octet_length(category)+octet_length(key))+octet_length(payload)+64),0)::bigint FROM kv WHERE job=$1"
    case .oversized:
      "SELECT count(*) FROM kv WHERE job=$1 AND (octet_length(category)>\(PostgresLayout.limits.categoryBytes) OR octet_length(key)>\(PostgresLayout.limits.keyBytes) OR octet_length(payload)>\(PostgresLayout.limits.payloadBytes))"

    case .set: "SELECT set_config('synchronous_commit',$1,false)"
    // Shared: sessions of ours that follow one another hold it side by side, so that it is never free in between.
    case .lockSession: "SELECT pg_try_advisory_lock_shared($1)"
    case .ping: "SELECT 1"
    }
  }

  /// The types of its parameters, by their numbers in PostgreSQL's catalogue.
  var types: [UInt32] {
    switch self {
    case .begin, .beginRead, .commit, .rollback, .ping: []
    case .findJob, .findJobAlive: [Self.bytea]
    case .listJobs, .listJobsAlive: [Self.bytea, Self.bytea]
    case .claim: [Self.int8, Self.int8, Self.int8, Self.text]
    case .release: [Self.int8, Self.int8, Self.text]
    case .guardWrite: [Self.int8, Self.int8, Self.int8]
    case .markJob: [Self.int8, Self.int8, Self.int8, Self.text]
    case .ledger, .touch, .categories, .size, .oversized, .tenThousandth, .deleteAll, .lockSession: [Self.int8]
    case .createJob: [Self.int8, Self.bytea, Self.int8, Self.text]
    case .deleteJob: [Self.int8, Self.int8]
    case .get, .exists, .deleteThrough, .deleteFrom, .countFrom: [Self.int8, Self.bytea, Self.bytea]
    case .putOne, .deleteBetween, .countBetween: [Self.int8, Self.bytea, Self.bytea, Self.bytea]
    case .matches: [Self.int8, Self.array, Self.array, Self.array, Self.array]
    case .puts: [Self.int8, Self.array, Self.array, Self.array]
    case .deletes: [Self.int8, Self.array, Self.array]
    case .scanBetween, .scanBetweenReverse, .pageBetween, .pageBetweenReverse:
      [Self.int8, Self.bytea, Self.bytea, Self.bytea, Self.int8]
    case .scanFrom, .scanFromReverse, .pageFrom, .pageFromReverse, .everythingAfter:
      [Self.int8, Self.bytea, Self.bytea, Self.int8]
    case .everything: [Self.int8, Self.int8]
    case .set: [Self.text]
    }
  }

  private static let (int8, bytea, text, array): (UInt32, UInt32, UInt32, UInt32) = (20, 17, 25, 1001)

  private static func job(isAlive: String, where condition: String) -> String {
    "SELECT job, epoch, seq, state, token, coalesce(holder,''), (\(isAlive)), name, successor, coalesce(owner,0) FROM kv_jobs WHERE \(condition)"
  }

  /// Whether the session that holds the job's writer up is there: it has locked its owner's number.
  private static let lives =
    "owner IS NOT NULL AND EXISTS (SELECT 1 FROM pg_locks l WHERE l.locktype='advisory' AND l.granted AND l.objsubid=1 AND l.database=(SELECT oid FROM pg_database WHERE datname=current_database()) AND l.classid::bigint=((owner>>32)&4294967295) AND l.objid::bigint=(owner&4294967295))"

  // MARK: Choosing one by the range

  static func scan(bounded: Bool, reverse: Bool) -> PostgresQuery {
    bounded ? (reverse ? .scanBetweenReverse : .scanBetween) : (reverse ? .scanFromReverse : .scanFrom)
  }

  static func page(bounded: Bool, reverse: Bool) -> PostgresQuery {
    bounded ? (reverse ? .pageBetweenReverse : .pageBetween) : (reverse ? .pageFromReverse : .pageFrom)
  }
}
