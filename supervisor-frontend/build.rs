//! Compresses the terminal's page into the program.

use std::{env, error::Error, fmt::Write as _, fs, io::Write as _, path::Path};

use flate2::{Compression, write::GzEncoder};
use sha2::{Digest as _, Sha256};

const FOLDER: &str = "assets/terminal";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const ASSETS: [(&str, &str); 12] = [
    ("terminal.js", SCRIPT),
    ("screen.js", SCRIPT),
    ("replies.js", SCRIPT),
    ("connection.js", SCRIPT),
    ("keys.js", SCRIPT),
    ("sentences.js", SCRIPT),
    ("terminal.css", STYLE),
    ("icon.svg", "image/svg+xml"),
    ("vendor/xterm.mjs", SCRIPT),
    ("vendor/addon-fit.mjs", SCRIPT),
    ("vendor/addon-web-links.mjs", SCRIPT),
    ("vendor/xterm.css", STYLE),
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={FOLDER}");
    let out = env::var("OUT_DIR")?;
    let mut digest = Sha256::new();
    let mut table = String::new();
    for (path, content_type) in ASSETS {
        let content = fs::read(Path::new(FOLDER).join(path))?;
        digest.update(&content);
        let name = path.rsplit('/').next().unwrap_or(path);
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(&content)?;
        fs::write(Path::new(&out).join(name), encoder.finish()?)?;
        writeln!(
            table,
            "    Asset {{ name: {name:?}, content_type: {content_type:?}, gzip: include_bytes!(concat!(env!(\"OUT_DIR\"), \"/{name}\")) }},"
        )?;
    }
    let mut version = String::new();
    for byte in digest.finalize().iter().take(8) {
        write!(version, "{byte:02x}")?;
    }
    let page = |name: &str| -> Result<String, Box<dyn Error>> {
        Ok(fs::read_to_string(Path::new(FOLDER).join(name))?
            .replace("{assets}", &format!("/assets/{version}")))
    };
    let (index, gone) = (page("index.html")?, page("gone.html")?);
    let code = format!(
        "const VERSION: &str = {version:?};\npub(super) const PAGE: &str = {index:?};\n\
         pub(super) const GONE_PAGE: &str = {gone:?};\nconst ASSETS: [Asset; {}] = [\n{table}];\n",
        ASSETS.len()
    );
    fs::write(Path::new(&out).join("terminal_assets.rs"), code)?;
    Ok(())
}
