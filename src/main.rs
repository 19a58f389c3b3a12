//! The `vestibule` command.

fn main() -> std::process::ExitCode {
    vestibule::cli::run()
}
