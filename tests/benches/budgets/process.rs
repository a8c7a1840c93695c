//! What the kernel says of a process, see proc(5).

use std::{collections::BTreeMap, fs};

use supervisor_tests::Result;

/// `Pss` of `/proc/<pid>/smaps_rollup`: its share of the memory.
pub fn pss_kb(pid: u32) -> Result<u64> {
    number(&fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?, "Pss:")
}

/// The part of it that is in no file: heaps and stacks.
pub fn anonymous_kb(pid: u32) -> Result<u64> {
    number(&fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?, "Pss_Anon:")
}

/// `write_bytes` of `/proc/<pid>/io`: what was sent towards a disk.
pub fn written(pid: u32) -> Result<u64> {
    number(&fs::read_to_string(format!("/proc/{pid}/io"))?, "write_bytes:")
}

/// How often each thread, by its id, went to sleep by itself: before each it had been awake.
pub fn wake_ups(pid: u32) -> Result<BTreeMap<String, u64>> {
    let mut threads = BTreeMap::new();
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        let task = task?;
        let count = number(&fs::read_to_string(task.path().join("status"))?, "voluntary_ctxt_switches:")?;
        threads.insert(task.file_name().to_string_lossy().into_owned(), count);
    }
    Ok(threads)
}

/// How often between two looks. Threads that have ended since are left out.
pub fn since(before: &BTreeMap<String, u64>, after: &BTreeMap<String, u64>) -> u64 {
    after.iter().map(|(thread, count)| count - before.get(thread).unwrap_or(&0)).sum()
}

fn number(text: &str, name: &str) -> Result<u64> {
    let line = text.lines().find(|line| line.starts_with(name)).ok_or_else(|| format!("no {name}"))?;
    Ok(line.split_whitespace().nth(1).ok_or("no value")?.parse()?)
}
