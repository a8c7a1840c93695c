//! Which installation this is: a label on everything it makes. It is stored at the first start; should the
//! store be lost, the same device and data folder give the same label again, and adopt what bears it.

use std::path::Path;

use sha2::{Digest, Sha256};

use crate::domain::container::hex;

/// The label of a fresh installation: from the host's machine id and the path of the apps' data.
pub async fn derive(host_root: &Path, data_path: &Path) -> String {
    let file = host_root.join("etc/machine-id");
    let machine_id = tokio::task::spawn_blocking(move || std::fs::read_to_string(file).unwrap_or_default());
    let machine_id = machine_id.await.unwrap_or_default();
    if machine_id.trim().is_empty() {
        log::debug!("no machine id, the instance label comes from the data path alone");
    }
    let text = format!("{}\n{}", machine_id.trim(), data_path.display());
    hex(&Sha256::digest(text)).chars().take(32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn label_of_the_same_device_and_folder_comes_again_and_of_another_differs() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("etc")).unwrap();
        std::fs::write(root.path().join("etc/machine-id"), "abc\n").unwrap();
        let first = derive(root.path(), Path::new("/resin-data")).await;
        assert_eq!(first, derive(root.path(), Path::new("/resin-data")).await);
        assert_ne!(first, derive(root.path(), Path::new("/other")).await);
        std::fs::write(root.path().join("etc/machine-id"), "def\n").unwrap();
        assert_ne!(first, derive(root.path(), Path::new("/resin-data")).await);
    }
}
