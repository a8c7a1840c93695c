//! Compiles the contract with protox, so that no machine needs a system `protoc`.

use std::{env, error::Error, fs, path::PathBuf};

const FILES: &[&str] = &[
    "api_access",
    "apps",
    "connectivity",
    "contract",
    "dependencies",
    "diagnostics",
    "error",
    "events",
    "identity",
    "inspection",
    "logs",
    "networks",
    "plan",
    "policy",
    "power",
    "registry",
    "terminal",
];

fn main() -> Result<(), Box<dyn Error>> {
    let out = PathBuf::from(env::var("OUT_DIR")?);
    // Core keeps what reflection tells in memory; comments are for the generated code alone.
    fs::write(out.join("descriptor.bin"), compiled(false)?.encode_file_descriptor_set())?;
    tonic_prost_build::configure()
        .build_client(env::var_os("CARGO_FEATURE_CLIENT").is_some())
        .build_server(env::var_os("CARGO_FEATURE_SERVER").is_some())
        .compile_fds(compiled(true)?.file_descriptor_set())?;
    println!("cargo:rerun-if-changed=proto");
    Ok(())
}

fn compiled(with_comments: bool) -> Result<protox::Compiler, protox::Error> {
    let mut compiler = protox::Compiler::new(["proto"])?;
    compiler.include_imports(true).include_source_info(with_comments);
    for file in FILES {
        compiler.open_file(format!("proto/supervisor/core/v1/{file}.proto"))?;
    }
    Ok(compiler)
}
