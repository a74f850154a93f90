// SPDX-License-Identifier: Apache-2.0
//! The commands of these cards, one constructor each, with the section that defines it. Raw bytes of headers live here and
//! nowhere else on the host side.
//!
//! `FMCOS` is the FMCOS 2.0 user manual (2007) with its general and special technical manuals (2009); `PBOC` is JR/T 0025.1
//! and .2. Protected commands are built in their plain form with the class byte of secure messaging (`x4`): who sends them
//! adds ciphertext, MAC and the length of both.

mod files;
mod issuing;
mod metro;
mod psam;
mod purse;
mod security;
mod storage;

pub use files::{
    Position, append_record, read_binary, read_record, read_record_by_tag, select_current_mf, select_file, select_name,
    update_binary, update_record, update_record_by_tag,
};
pub use issuing::{
    DirectoryHeader, FileBody, FileHeader, KeyRecordHeader, create_directory, create_file, create_key_file,
    directory_space, erase_directory, file_space, key_space, write_key_header, write_key_plain_header,
};
pub use metro::{
    end_personalisation, read_security_code, record_prefix as metro_record_prefix,
    write_key_header as metro_key_header, write_security_code,
};
pub use psam::{
    CipherMode, check_security_code, cipher_data, credit_purchase, delivery_key, init_purchase as psam_init_purchase,
    record_prefix as psam_record_prefix, usage_byte, write_key_header as psam_key_header,
};
pub use purse::{
    PurchaseKind, Purse, credit_load, debit_purchase, debit_unload, get_balance, get_transaction_proof, init_load,
    init_overdraft, init_purchase, init_unload, update_capp_by_number, update_capp_by_tag, update_overdraft,
};
pub use security::{
    application_block, application_unblock, card_block, change_pin, external_authenticate, get_challenge,
    internal_authenticate, pin_unblock, reload_pin, verify,
};
pub use storage::{
    AccessBits, KeySide, TRANSPORT_ACCESS, general_authenticate, get_uid, load_key_header, read_block, update_block,
};
