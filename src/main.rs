//! The `towtank` program.

use std::panic::catch_unwind;
use std::process::ExitCode;
use towtank::{cli, exit};

fn main() -> ExitCode {
    catch_unwind(cli::main).unwrap_or_else(|_| {
        let command = std::env::args().collect::<Vec<_>>().join(" ");
        anstream::eprintln!(
            "towtank: this is an error of our own, not of your input. Please report it with what is above and this:\n  \
             version: {}\n  command: {command}",
            env!("CARGO_PKG_VERSION")
        );
        ExitCode::from(exit::INTERNAL)
    })
}
