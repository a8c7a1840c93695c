//! The frames in which the engine sends the two outputs of a process without a terminal: eight bytes of
//! head each.
//! <https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerAttach>

use crate::ports::engine::Output;

const HEADER_BYTES: usize = 8;
const STDERR: u8 = 2;

/// Takes frames apart without ever holding more than a header: a frame's length is the engine's word.
#[derive(Debug, Default)]
pub struct Frames {
    header: Vec<u8>,
    is_stderr: bool,
    left: usize,
}

impl Frames {
    /// What these bytes complete, in order.
    pub fn push(&mut self, mut piece: &[u8]) -> Vec<Output> {
        let mut outputs = Vec::new();
        while !piece.is_empty() {
            if self.left == 0 {
                let (head, rest) = piece.split_at(piece.len().min(HEADER_BYTES - self.header.len()));
                self.header.extend_from_slice(head);
                piece = rest;
                if let [stream, _, _, _, a, b, c, d] = *self.header {
                    self.is_stderr = stream == STDERR;
                    self.left = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX);
                    self.header.clear();
                }
            } else {
                let (bytes, rest) = piece.split_at(piece.len().min(self.left));
                self.left -= bytes.len();
                piece = rest;
                outputs.push(Output { is_stderr: self.is_stderr, bytes: bytes.to_vec() });
            }
        }
        outputs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(outputs: &[Output], is_stderr: bool) -> Vec<u8> {
        outputs.iter().filter(|o| o.is_stderr == is_stderr).flat_map(|o| o.bytes.clone()).collect()
    }

    #[test]
    fn frames_come_apart_however_they_were_cut() {
        let text = b"\x01\0\0\0\0\0\0\x03out\x02\0\0\0\0\0\0\x03err\x01\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\x01!";
        for cut in 0..text.len() {
            let mut frames = Frames::default();
            let mut all = frames.push(&text[..cut]);
            all.extend(frames.push(&text[cut..]));
            assert_eq!(joined(&all, false), b"out!", "cut at {cut}");
            assert_eq!(joined(&all, true), b"err", "cut at {cut}");
        }
    }

    #[test]
    fn frame_that_claims_four_gibibytes_allocates_nothing_for_them() {
        let mut frames = Frames::default();
        let outputs = frames.push(b"\x01\0\0\0\xff\xff\xff\xffabc");
        assert_eq!(joined(&outputs, false), b"abc");
    }
}
