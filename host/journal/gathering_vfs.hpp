// A VFS of SQLite's over the system's own that gathers what a commit writes to the WAL, a header and a page at a time, and
// hands it on in one call; and that can leave the sync of a commit to a later call, so that the next transaction is made
// meanwhile.
#pragma once

struct sqlite3_file;

namespace milepost::journal::sqlite {

/// Its name, for sqlite3_open_v2(); registered at the first call, before which the default VFS must be in place.
const char* gathering_vfs();

// Of the WAL of a connection that was opened by it. Once a sync of a WAL has failed, by whichever connection, the system may have
// dropped what it could not write, and call its pages clean: so every further one fails until sync_anew().

bool is_wal(const sqlite3_file* file);  ///< it is one, and open
/// Whether the sync that ends a commit waits for sync(). Its pages are with the system all the same; a sync that SQLite needs
/// for the order of its writes is never put off. [the connection's thread]
void sync_later(sqlite3_file* wal, bool later);
/// Everything that was written before is on disk; else what SQLite calls the failure. [any, beside the connection's thread]
int sync(sqlite3_file* wal);
/// What was not synced is written once more, from memory. [the connection's thread; not beside sync()]
int write_again(sqlite3_file* wal);
/// The WAL of this name may be synced again. REQUIRES: what was not synced has been written again.
void sync_anew(const char* wal);

}  // namespace milepost::journal::sqlite
