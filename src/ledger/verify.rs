// SPDX-License-Identifier: Apache-2.0
//! Verification of a whole ledger, from the database or from an exported file. It names what is wrong and goes on.

use std::fs;
use std::io::BufRead;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::thread;

use rusqlite::Connection;

use super::centre;
use super::checkpoint::{Checkpoint, origin};
use super::cosigned::cosigned_copy;
use super::error::LedgerError;
use super::finding::Report;
use super::integrity::{beside, check_database, compare_tables};
use super::log::believed;
use super::note::{NoteFault, NoteKey};
use super::replay::Replay;
use super::rules::State;
use super::stored_nodes::StoredNodes;
use super::upkeep::{self, ArchiveRow, UpkeepFault};
use super::{examine, lines, store};
use crate::error::Fault;
use crate::i18n::Msg;
use crate::msg;
use crate::outside::Observer;

/// How often the observer hears of progress.
pub(super) const STRIDE: u64 = 1024;

/// As many threads as the machine runs at once.
pub(super) fn all_cores() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// What to verify against, apart from the ledger itself.
#[derive(Debug, Clone, Default)]
pub struct Against {
    /// The checkpoint kept outside.
    pub copy: Option<PathBuf>,
    /// The log's public key as the verifier knows it from elsewhere.
    pub key: Option<NoteKey>,
}

/// Verifies a ledger's database: entries, tree, signatures, approvals, life cycles, tables, checkpoint, copy outside. By as
/// many threads as the machine runs at once; memory does not grow with the ledger.
pub fn verify(path: &Path, against: &Against, observer: &mut dyn Observer) -> Result<Report, LedgerError> {
    verify_on(all_cores(), path, against, observer)
}

/// The same by so many threads. The report does not depend on how many they are.
pub fn verify_on(
    threads: usize,
    path: &Path,
    against: &Against,
    observer: &mut dyn Observer,
) -> Result<Report, LedgerError> {
    verify_all(threads, path, &[], against, observer)
}

/// The same with archives of old periods read beside the database. Of an archive that is not among them the report says so,
/// and is not good.
pub fn verify_with(
    path: &Path,
    archives: &[PathBuf],
    against: &Against,
    observer: &mut dyn Observer,
) -> Result<Report, LedgerError> {
    verify_all(all_cores(), path, archives, against, observer)
}

fn verify_all(
    threads: usize,
    path: &Path,
    archives: &[PathBuf],
    against: &Against,
    observer: &mut dyn Observer,
) -> Result<Report, LedgerError> {
    // First the copy, then one moment of the ledger: whoever appends meanwhile, the copy is not ahead of it.
    let copy = against.copy.as_deref().map(|path| (path, fs::read_to_string(path)));
    let beside_copy = against.copy.as_deref().map(cosigned_copy);
    // None is kept before anybody has cosigned; one that cannot be read is damaged.
    let cosigned = beside_copy.as_deref().and_then(|path| match fs::read(path) {
        Ok(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => None,
        Err(_) => Some(String::new()),
    });
    let db = store::open(path, true)?;
    let doing = LedgerError::while_doing("reading the ledger");
    db.execute_batch("BEGIN").map_err(&doing)?;
    // What is wrong with this table is found with the others.
    let unread = upkeep::mount(&db, archives).or_else(|fault| {
        if archives.is_empty() {
            Ok(Vec::new())
        } else {
            Err(fault)
        }
    })?;
    let (unread, unrecorded) = upkeep::recorded(&db, unread);
    let stored = store::checkpoint(&db);
    let notes = [
        stored.as_ref().ok().and_then(Option::as_deref),
        copy.as_ref().and_then(|(_, c)| c.as_deref().ok()),
        cosigned.as_deref(),
    ];
    let sizes: Vec<u64> = notes.iter().flatten().filter_map(|note| size_of(note)).collect();
    let [stored_size, copy_size, _] = notes.map(|note| note.and_then(size_of));
    let mut replay = Replay::new(&sizes)?;
    read_all(threads, (path, &db), &unread, &mut replay, observer);
    for row in unrecorded {
        let what = msg!(
            "ledger-finding-unrecorded",
            file = row.file,
            from = row.from,
            to = row.to
        );
        replay.report.add("LEDGER-ARCHIVE", None, what);
    }
    if replay.report.unread == 0 {
        compare_tables(&db, &replay.tables, &mut replay.report);
    } else {
        replay.report.unread_files = unread.into_iter().map(|row| row.file).collect();
    }
    if !archives.is_empty() {
        compare_archives(&db, &mut replay.report);
    }
    check_stock(&db, &mut replay.report);
    match stored {
        Ok(Some(note)) => check_note(&mut replay, "LEDGER-CHECKPOINT", None, &note),
        Ok(None) => replay
            .report
            .add("LEDGER-CHECKPOINT", None, msg!("ledger-finding-no-checkpoint")),
        Err(fault) => replay.report.fault(None, &fault),
    }
    if let Some((path, read)) = copy {
        let before = replay.report.count;
        match read {
            Ok(note) => check_note(&mut replay, "LEDGER-OUTSIDE-COPY", Some(path), &note),
            Err(e) => {
                let missing = e.kind() == std::io::ErrorKind::NotFound;
                let path = path.to_owned();
                let fault = if missing {
                    LedgerError::CopyMissing(path)
                } else {
                    LedgerError::CopyDamaged(path)
                };
                replay.report.add("LEDGER-OUTSIDE-COPY", None, fault.msg());
            }
        }
        if let (Some(note), Some(path)) = (&cosigned, &beside_copy) {
            // Two officers may have declared that it is gone. What was cosigned since is compared.
            let given_up = |size| {
                replay
                    .loss
                    .as_ref()
                    .is_some_and(|(seq, loss)| loss.gives_up(*seq, size))
            };
            // What its size gives up is what the log signed, not what anybody wrote there.
            let signed = replay.state.as_ref().is_some_and(|state| {
                let (name, key) = (origin(&state.site), state.init.log_key);
                believed(note, &NoteKey { name, key }).is_ok_and(|checkpoint| given_up(checkpoint.size))
            });
            if !signed {
                check_note(&mut replay, "LEDGER-OUTSIDE-COPY", Some(path), note);
            }
        }
        let agrees = replay.report.count == before;
        replay.report.copy_agrees = Some(agrees);
        if let (true, Some(has), Some(should)) = (agrees, stored_size, copy_size)
            && has < should
        {
            // The database has its checkpoint first.
            let behind = LedgerError::CheckpointBehind { has, should };
            replay.report.fault(None, &behind);
        }
    }
    Ok(finish(replay, against))
}

/// Verifies an exported file of all entries (JSON Lines), with the checkpoint where there is one.
pub fn verify_lines(
    file: &mut dyn BufRead,
    note: Option<&str>,
    against: &Against,
    observer: &mut dyn Observer,
) -> Result<Report, LedgerError> {
    verify_lines_on(all_cores(), file, note, against, observer)
}

/// The same by so many threads. The report does not depend on how many they are.
pub fn verify_lines_on(
    threads: usize,
    file: &mut dyn BufRead,
    note: Option<&str>,
    against: &Against,
    observer: &mut dyn Observer,
) -> Result<Report, LedgerError> {
    let sizes: Vec<u64> = note.and_then(size_of).into_iter().collect();
    let mut replay = Replay::new(&sizes)?;
    observer.begin(&msg!("ledger-verifying"), 0);
    examine::in_order(threads, lines::of_file(file), &mut |officers, (seq, line)| {
        replay.take(seq, &line?);
        replay.teach(officers);
        if seq.is_multiple_of(STRIDE) {
            observer.advance(seq);
        }
        Ok(())
    })?;
    observer.end();
    if let Some(note) = note {
        check_note(&mut replay, "LEDGER-CHECKPOINT", None, note);
    }
    Ok(finish(replay, against))
}

fn finish(mut replay: Replay, against: &Against) -> Report {
    check_stock(&replay.tables, &mut replay.report);
    replay.report.root = replay.root();
    if let Some(Err(fault)) = replay.state.as_ref().map(State::is_whole) {
        let last = replay.report.entries.checked_sub(1);
        replay.report.fault(last, &fault);
    }
    if replay.report.entries == 0 {
        replay.report.add("LEDGER-SEQ", None, msg!("ledger-finding-empty"));
    }
    if let Some(key) = &against.key
        && replay.report.log_key != key.to_string()
    {
        replay.report.add(
            "LEDGER-LOG-KEY",
            None,
            msg!("ledger-finding-log-key", found = replay.report.log_key),
        );
    }
    if let Some(state) = &replay.state {
        replay.report.sm2_keys = state.sm2_note_keys();
    }
    replay.report
}

/// The blanks of each lot once more, from several sides.
fn check_stock(tables: &Connection, report: &mut Report) {
    match centre::stock_faults(tables) {
        Ok(faults) => {
            for (lot, what) in faults {
                let what = msg!("ledger-finding-stock", lot = lot).with_word("what", "stock-column", &what);
                report.add("LEDGER-STOCK", None, what);
            }
        }
        Err(fault) => report.fault(None, &fault),
    }
}

/// The size that a note claims, believed or not.
fn size_of(note: &str) -> Option<u64> {
    let text = note.split_inclusive('\n').take(3).collect::<String>();
    Checkpoint::parse(&text).map(|checkpoint| checkpoint.size)
}

/// What is stored of an archived entry is the entry, or what an archive leaves of it.
fn compare_archives(db: &Connection, report: &mut Report) {
    match upkeep::first_contrary(db) {
        Ok(None) => {}
        Ok(Some(seq)) => report.add("LEDGER-ARCHIVE", Some(seq), msg!("ledger-finding-archive", seq = seq)),
        Err(fault) => report.fault(None, &fault),
    }
}

/// Reads all entries, while another thread has SQLite look through the whole file.
fn read_all(
    threads: usize,
    (path, db): (&Path, &Connection),
    unread: &[ArchiveRow],
    replay: &mut Replay,
    observer: &mut dyn Observer,
) {
    let second = (threads > 1).then(|| beside(db, path)).flatten();
    let of_file = thread::scope(|scope| {
        let Some(second) = second else {
            let of_file = check_database(db);
            replay_all(threads, db, unread, replay, observer);
            return of_file;
        };
        if let Ok(look) = thread::Builder::new().spawn_scoped(scope, move || check_database(&second)) {
            replay_all(threads, db, unread, replay, observer);
            // A panic goes on in this thread.
            look.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        } else {
            replay_all(threads, db, unread, replay, observer);
            check_database(db)
        }
    });
    // What is wrong with the file is named before what is wrong with an entry.
    replay.report.begin_with(of_file);
}

fn replay_all(
    threads: usize,
    db: &Connection,
    unread: &[ArchiveRow],
    replay: &mut Replay,
    observer: &mut dyn Observer,
) {
    let size = match store::size(db) {
        Ok(size) => size,
        Err(fault) => return replay.report.fault(None, &fault),
    };
    observer.begin(&msg!("ledger-verifying"), size);
    let (mut nodes, mut expected) = (StoredNodes::of(db), 0);
    let read = examine::in_order(
        threads,
        lines::of_database(db, 0..size).map(|next| upkeep::as_archived(next, unread)),
        &mut |officers, (seq, line)| {
            let complete = match line {
                Ok(line) => replay.take(seq, &line),
                Err(LedgerError::Upkeep(UpkeepFault::Archived { .. })) => match store::node(db, 0, seq) {
                    Ok(leaf) => replay.pass_over(seq, leaf),
                    Err(fault) => {
                        replay.report.fault(Some(seq), &fault);
                        Vec::new()
                    }
                },
                Err(fault) => {
                    replay.report.fault(Some(seq), &fault);
                    Vec::new()
                }
            };
            for (level, index, hash) in complete {
                expected += 1;
                if !nodes.have(level, index, hash) {
                    let what = msg!("ledger-finding-node", seq = seq, level = level, index = index);
                    replay.report.add("LEDGER-TREE", Some(seq), what);
                }
            }
            replay.teach(officers);
            if seq.is_multiple_of(STRIDE) {
                observer.advance(seq);
            }
            Ok(())
        },
    );
    if let Err(fault) = read {
        replay.report.fault(None, &fault);
    }
    observer.end();
    let stored = db.query_row("SELECT count(*) FROM nodes", [], |row| row.get::<_, i64>(0));
    if stored.is_ok_and(|stored| stored != expected) {
        let what = msg!("ledger-finding-nodes", expected = expected);
        replay.report.add("LEDGER-TREE", None, what);
    }
}

fn check_note(replay: &mut Replay, check: &'static str, path: Option<&Path>, note: &str) {
    let Some(state) = &replay.state else { return };
    let key = NoteKey {
        name: origin(&state.site),
        key: state.init.log_key,
    };
    let wrong: Option<Msg> = match believed(note, &key) {
        Ok(checkpoint) => match replay.contains(&checkpoint) {
            Ok(()) => {
                replay.report.covered = replay.report.covered.max(checkpoint.size);
                replay.report.notes.push(note.to_owned());
                match state.sm2_line(note) {
                    Ok(Some(key)) if checkpoint.size >= replay.report.sm2_covered => {
                        replay.report.sm2_covered = checkpoint.size;
                        replay.report.sm2_key = Some(key);
                        None
                    }
                    Ok(_) => None,
                    Err(fault) => Some(fault.msg()),
                }
            }
            Err(fault) => Some(fault.msg()),
        },
        Err(fault) => Some(match (path, fault) {
            (Some(path), NoteFault::OtherKey) => LedgerError::Replaced(path.to_owned()).msg(),
            (Some(path), _) => LedgerError::CopyDamaged(path.to_owned()).msg(),
            (None, NoteFault::OtherKey) => LedgerError::WrongLogKey.msg(),
            (None, fault) => fault.finding(),
        }),
    };
    if let Some(what) = wrong {
        replay.report.add(check, None, what);
    }
}
