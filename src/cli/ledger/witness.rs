// SPDX-License-Identifier: Apache-2.0
//! `ledger witness`: a second party cosigns checkpoints after it has seen that they go on from the last. Files go between the
//! centre and the witness (docs/formats/witness.md); neither needs a network.

mod loss;

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::Place;
use crate::cli::{Context, hardening, record, session};
use crate::crypto::seal::KdfParams;
use crate::error::{Error, Exit};
use crate::keys::KeyFileError;
use crate::keys::file_store::{WitnessKey, hold_file, read_private, replace};
use crate::ledger::LedgerError;
use crate::ledger::cosign::CosignKey;
use crate::ledger::note::NoteKey;
use crate::ledger::witness::{KnownLog, Memory};
use crate::msg;

/// `ledger witness …`.
#[derive(Debug, clap::Args)]
pub(super) struct Witness {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Makes a witness's key file.
    New(New),
    /// Writes what a witness is asked to cosign.
    Request(Request),
    /// Cosigns a request.
    Cosign(Cosign),
    /// Goes on with a new key after a declared loss.
    AcceptLoss(loss::AcceptLoss),
    /// Takes a cosigned checkpoint into the ledger.
    Take(Take),
    /// Shows what a witness has cosigned.
    Show(Show),
}

/// `ledger witness new`.
#[derive(Debug, clap::Args)]
struct New {
    /// The name of the key.
    #[arg(value_name = "NAME")]
    name: String,
    /// The key file.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// `ledger witness request`.
#[derive(Debug, clap::Args)]
struct Request {
    /// The witness's key.
    #[arg(long, value_name = "NAME+ID+KEY")]
    witness: Option<String>,
    /// Prove from this size on.
    #[arg(long, value_name = "SIZE")]
    from: Option<u64>,
    /// The file.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// `ledger witness cosign`.
#[derive(Debug, clap::Args)]
struct Cosign {
    /// The request.
    #[arg(value_name = "REQUEST")]
    request: PathBuf,
    /// The witness's key file.
    #[arg(long, value_name = "FILE")]
    key_file: PathBuf,
    /// The witness's memory.
    #[arg(long, value_name = "FILE")]
    memory: PathBuf,
    /// The key of a log that this witness has not cosigned before.
    #[arg(long, value_name = "NAME+ID+KEY")]
    log: Option<String>,
    /// The cosigned checkpoint.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// `ledger witness take`.
#[derive(Debug, clap::Args)]
struct Take {
    /// The cosigned checkpoint.
    #[arg(value_name = "COSIGNED")]
    cosigned: PathBuf,
    /// The witness's key.
    #[arg(long, value_name = "NAME+ID+KEY")]
    witness: String,
}

/// `ledger witness show`.
#[derive(Debug, clap::Args)]
struct Show {
    /// The witness's key file.
    #[arg(long, value_name = "FILE")]
    key_file: PathBuf,
    /// The witness's memory.
    #[arg(long, value_name = "FILE")]
    memory: PathBuf,
}

pub(super) fn witness(args: &Witness, place: &Place, context: &mut Context) -> Result<Exit, Error> {
    match &args.verb {
        Verb::New(verb) => new(verb, context),
        Verb::Request(verb) => request(verb, place, context),
        Verb::Cosign(verb) => cosign(verb, context),
        Verb::AcceptLoss(verb) => loss::accept_loss(verb, context),
        Verb::Take(verb) => take(verb, context),
        Verb::Show(verb) => show(verb, context),
    }
}

fn new(args: &New, context: &mut Context) -> Result<Exit, Error> {
    if !CosignKey::is_name(&args.name) {
        return Err(Error::new(msg!("witness-name", name = args.name), Exit::Usage));
    }
    if args.out.exists() {
        let path = args.out.display().to_string();
        return Err(KeyFileError::Exists { path }.into());
    }
    hardening::state().insist(false, false)?;
    let key = WitnessKey::generate(&args.name, context.random.as_mut())?;
    let passphrase = session::new_passphrase(context, &args.name)?;
    key.save(&args.out, &passphrase, KdfParams::default(), context.random.as_mut())?;
    let vkey = CosignKey {
        name: key.name.clone(),
        key: key.signing.public().into(),
    };
    let made = serde_json::json!({"witness": vkey.to_string(), "file": args.out});
    context.out.record("cardmint.witness-key/1", &made)?;
    context
        .out
        .say(&msg!("witness-made", file = args.out.display(), key = vkey))?;
    Ok(Exit::Done)
}

fn request(args: &Request, place: &Place, context: &mut Context) -> Result<Exit, Error> {
    let ledger = place.open(context)?;
    let witness = args.witness.as_deref().map(cosign_key).transpose()?;
    let cosigned = ledger.cosigned(witness.as_ref())?;
    let old = args.from.or(cosigned.map(|body| body.size)).unwrap_or(0);
    let proof = ledger.consistency_from(old)?;
    write_new(&args.out, proof.to_string().as_bytes())?;
    let covered = ledger.checkpoint_size()?;
    let made = serde_json::json!({"old": old, "size": covered, "file": args.out});
    context.out.record("cardmint.witness-request/1", &made)?;
    let file = args.out.display();
    let said = msg!("witness-requested", old = old, size = covered, file = file);
    context.out.say(&said)?;
    context.out.notice(&msg!("ledger-log-key-is", key = ledger.note_key()));
    Ok(Exit::Done)
}

fn cosign(args: &Cosign, context: &mut Context) -> Result<Exit, Error> {
    let trusted = args.log.as_deref().map(str::parse::<NoteKey>).transpose();
    let trusted = trusted.map_err(LedgerError::from)?;
    let request = read(&args.request)?;
    if args.out.exists() {
        let path = args.out.display().to_string();
        return Err(KeyFileError::Exists { path }.into());
    }
    let vkey = vkey_of(&args.key_file)?;
    // From here on no second process decides by the same memory.
    let _held = hold_file(&args.memory)?;
    let mut memory = remembered(&args.memory, &vkey)?;
    let granted = memory.examine(&request, trusted.as_ref())?;
    hardening::state().insist(false, false)?;
    let passphrase = session::passphrase(context, &vkey.name)?;
    let key = WitnessKey::open(&args.key_file, &passphrase, KdfParams::default())?;
    let time = u64::try_from(context.clock.now().as_second()).unwrap_or_default();
    let log = memory.cosign(granted, time, &|bytes| key.signing.sign(bytes))?.clone();
    // The memory first: a cosignature that is out must never be forgotten.
    replace(&args.memory, memory.text().as_bytes(), 0o600)?;
    write_new(&args.out, log.note.as_bytes())?;
    context.out.record("cardmint.witness-cosigned/1", &told(&log))?;
    let (origin, size, file) = (&log.checkpoint.origin, log.checkpoint.size, args.out.display());
    let said = msg!("witness-cosigned", origin = origin, size = size, file = file);
    context.out.say(&said)?;
    Ok(Exit::Done)
}

fn take(args: &Take, context: &mut Context) -> Result<Exit, Error> {
    let witness = cosign_key(&args.witness)?;
    let note = read(&args.cosigned)?;
    let site = session::open_site(context)?;
    let act = site.ledger()?.cosigned_act(&note, &witness)?;
    let entry = record::record(context, &site, act)?;
    site.ledger()?.keep_cosigned()?;
    record::tell(context, &entry)?;
    Ok(Exit::Done)
}

fn show(args: &Show, context: &mut Context) -> Result<Exit, Error> {
    let vkey = vkey_of(&args.key_file)?;
    let memory = remembered(&args.memory, &vkey)?;
    context.out.say(&msg!("witness-is", key = vkey))?;
    for log in memory.logs() {
        context.out.record("cardmint.witness-cosigned/1", &told(log))?;
        context.out.say(&msg!("witness-knows", key = log.key))?;
        context.out.text(&log.note)?;
    }
    for lost in memory.lost() {
        loss::tell(lost, context)?;
        context.out.text(&lost.note)?;
    }
    Ok(Exit::Done)
}

fn told(log: &KnownLog) -> serde_json::Value {
    serde_json::json!({
        "log": log.key.to_string(), "size": log.checkpoint.size, "root": log.checkpoint.root.to_string(), "time": log.time,
        "note": log.note,
    })
}

/// A witness's key as it is typed.
pub(super) fn cosign_key(text: &str) -> Result<CosignKey, Error> {
    Ok(text.parse::<CosignKey>().map_err(LedgerError::from)?)
}

fn vkey_of(file: &Path) -> Result<CosignKey, Error> {
    let (name, key) = WitnessKey::public(file)?;
    let key = key.into();
    Ok(CosignKey { name, key })
}

/// The witness's memory; that there is none yet is a new witness's.
fn remembered(path: &Path, witness: &CosignKey) -> Result<Memory, Error> {
    match read_private(path) {
        Ok(bytes) => Ok(Memory::parse(&String::from_utf8_lossy(&bytes), witness)?),
        Err(KeyFileError::Missing { .. }) => Ok(Memory::new(witness.clone())),
        Err(e) => Err(e.into()),
    }
}

fn read(path: &Path) -> Result<String, Error> {
    let bytes = fs::read(path).map_err(|e| file_error(path, &e))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Writes a file that must not be there yet, durably.
fn write_new(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let made = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o644)
        .open(path);
    let written = made.and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
    written.map_err(|e| file_error(path, &e))
}

fn file_error(path: &Path, e: &std::io::Error) -> Error {
    let (path, what) = (path.to_owned(), e.to_string());
    LedgerError::File { path, what }.into()
}
