//! The kernel's mount table, as text.

use super::*;
use crate::adapters::host_files::mounts::points_inside;

fn inside(table: &str) -> Vec<PathBuf> {
    points_inside(table.as_bytes(), Path::new("/mnt/root/resin-data/1"))
}

#[test]
fn mount_points_below_the_folder_are_found() {
    let table = "36 35 98:0 /mnt1 /mnt/root/resin-data/1/x rw,noatime master:1 - ext3 /dev/root rw\n\
                 37 35 0:5 / /mnt/root/resin-data/1/y/z rw - tmpfs none rw\n";
    assert_eq!(inside(table), [PathBuf::from("x"), PathBuf::from("y/z")]);
}

#[test]
fn mount_points_elsewhere_and_the_folder_itself_do_not_count() {
    let table = "1 0 0:5 / / rw - tmpfs none rw\n\
                 2 1 0:5 / /mnt/root/resin-data rw - tmpfs none rw\n\
                 3 1 0:5 / /mnt/root/resin-data/1 rw - tmpfs none rw\n\
                 4 1 0:5 / /mnt/root/resin-data/10 rw - tmpfs none rw\n\
                 5 1 0:5 /mnt/root/resin-data/1/x /other rw - tmpfs none rw\n";
    assert!(inside(table).is_empty());
}

#[test]
fn escaped_names_are_read_back() {
    let table = r"1 0 0:5 / /mnt/root/resin-data/1/a\040b\134c\011d\012e rw - tmpfs none rw";
    assert_eq!(inside(table), [PathBuf::from("a b\\c\td\ne")]);
}

#[test]
fn malformed_lines_are_skipped() {
    assert!(inside("").is_empty());
    assert!(inside("1 2 3\n\n\\ \\ \\ \\ \\").is_empty());
    assert_eq!(inside(r"1 0 0:5 / /mnt/root/resin-data/1/a\9b\40 rw"), [PathBuf::from(r"a\9b\40")]);
}
