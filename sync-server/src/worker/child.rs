//! The child's side: read a framed request, answer it, until the pipe closes. It holds nothing between requests.

use std::io::{self, ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use rlimit::{Resource, setrlimit};
use soko_documents::worker::{frame, frame_len, handle};

/// The hidden subcommand under which the server starts itself as a worker.
pub const SUBCOMMAND: &str = "apply-worker";

pub const MEMORY_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// The end of a child that nobody stops: far beyond what the pool lets one request take.
pub const CPU_SECONDS_MAX: u64 = 30;
/// A child that has worked this long ends in good order, so that honest work never meets the limit above.
const WORK_MAX: Duration = Duration::from_secs(20);
/// Pipes and what the runtime holds.
const FILES_MAX: u64 = 16;

/// Limits this process for good, then serves standard input until it closes.
pub fn run() -> io::Result<()> {
    setrlimit(Resource::AS, MEMORY_BYTES_MAX, MEMORY_BYTES_MAX)?;
    setrlimit(Resource::CPU, CPU_SECONDS_MAX, CPU_SECONDS_MAX)?;
    setrlimit(Resource::CORE, 0, 0)?;
    setrlimit(Resource::NOFILE, FILES_MAX, FILES_MAX)?;
    // Nothing to be written to disk, whoever controls what runs here.
    setrlimit(Resource::FSIZE, 0, 0)?;
    serve(&mut io::stdin().lock(), &mut io::stdout().lock())
}

fn serve(input: &mut impl Read, output: &mut impl Write) -> io::Result<()> {
    let mut worked = Duration::ZERO;
    while worked < WORK_MAX {
        let Some(request) = read_frame(input)? else { return Ok(()) };
        let started = Instant::now();
        let reply = handle(&request);
        worked += started.elapsed();
        write_frame(output, &reply)?;
    }
    Ok(())
}

/// The next frame; none when the other side has closed the pipe between two.
pub(super) fn read_frame(input: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    match input.read_exact(&mut length) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let len = frame_len(length).ok_or_else(|| io::Error::new(ErrorKind::InvalidData, "a frame too long"))?;
    let mut content = vec![0; len];
    input.read_exact(&mut content)?;
    Ok(Some(content))
}

pub(super) fn write_frame(output: &mut impl Write, content: &[u8]) -> io::Result<()> {
    let framed = frame(content).ok_or_else(|| io::Error::new(ErrorKind::InvalidInput, "a frame too long"))?;
    output.write_all(&framed)?;
    output.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_answered_one_by_one_until_the_pipe_closes() {
        let input = [frame(b"nonsense").unwrap(), frame(b"").unwrap()].concat();
        let mut output = Vec::new();
        serve(&mut input.as_slice(), &mut output).unwrap();
        let expected = [frame(&handle(b"nonsense")).unwrap(), frame(&handle(b"")).unwrap()].concat();
        assert_eq!(output, expected);
    }

    #[test]
    fn a_cut_or_endless_frame_is_an_error_and_not_an_allocation() {
        for input in [&[0, 0, 0, 9, 1][..], &[0xff; 4]] {
            assert!(serve(&mut &input[..], &mut Vec::new()).is_err());
        }
    }
}
