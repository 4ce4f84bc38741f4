// SQLite writes a commit to its WAL as two small writes a page: a header of 24 bytes, then the page. This VFS stands before
// the system's own and lets what follows on each other go out as one, when SQLite syncs or looks at the file. Whatever it
// holds back belongs to a commit that nobody was told of: what counts is on disk once xSync has returned, as without it.
#pragma once

namespace milepost::journal::sqlite {

/// The VFS's name, for sqlite3_open_v2; it is registered at first use, before the VFS that is the default then. Files other
/// than a WAL are that one's own. Thread: [any].
const char* gathering_vfs();

}  // namespace milepost::journal::sqlite
