// SPDX-License-Identifier: Apache-2.0
//! The `cardmint` program: parse, run, report, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    let args = std::env::args_os().collect();
    ExitCode::from(cardmint::cli::main(args) as u8)
}
