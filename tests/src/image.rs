//! Images that tests build on the machine's own engine.

use std::fs;
use std::io::Write;
use std::path::Path;

use crate::Result;
use crate::command::run;
use crate::engine::Engine;
use crate::scratch::{Folder, unique};

/// What a layer is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// A few bytes that no other layer has.
    Mark,
    /// So many MiB that no compression makes smaller, and that no other layer has.
    Noise(u64),
    /// So many MiB that are next to nothing while they are packed.
    Zeros(u64),
}

impl Layer {
    fn write(self, path: &Path) -> Result<()> {
        match self {
            Self::Mark => fs::write(path, unique())?,
            Self::Noise(megabytes) => {
                let line = format!("head -c {megabytes}M /dev/urandom >{}", path.display());
                run(&["sh", "-c", &line])?;
            }
            Self::Zeros(megabytes) => {
                let mut file = fs::File::create(path)?;
                file.set_len(megabytes << 20)?;
                file.flush()?;
            }
        }
        Ok(())
    }
}

/// An image under a name of its own, which goes with its owner.
#[derive(Debug)]
pub struct Image {
    name: String,
}

impl Image {
    /// `base` with these layers on top.
    pub fn on(base: &str, layers: &[Layer]) -> Result<Self> {
        let image = Self { name: format!("supervisor-test-image:{}", unique()) };
        let context = Folder::on_disk()?;
        let mut recipe = vec![format!("FROM {base}")];
        for (index, layer) in layers.iter().enumerate() {
            let file = format!("layer-{}-{index}", unique());
            layer.write(&context.path().join(&file))?;
            recipe.push(format!("COPY {file} /{file}"));
        }
        fs::write(context.path().join("Dockerfile"), recipe.join("\n"))?;
        let folder = context.path().to_string_lossy();
        // The engine's own builder, whatever the command line would rather have.
        run(&["env", "DOCKER_BUILDKIT=0", "docker", "build", "-q", "-t", &image.name, &folder])?;
        Ok(image)
    }

    /// Its name on the machine's own engine.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        drop(Engine::default().docker(&["image", "rm", "-f", &self.name]));
    }
}
