//! Reads a layer out of its blob: unpacked where it is packed, compared with its digests where they are known.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::content::Stored;
use super::image::Blob;
use super::layer::{self, Layer, Take, damaged};
use super::members::compression;
use super::region::{Region, RegionReader};
use super::sum::{Hashed, Sum};
use super::tar::{Damage, Source, Tar};
use devops_core::Error;

/// Bytes that are unpacked at once.
const WINDOW: usize = 256 << 10;
/// Most bytes that a layer has, unpacked.
const MOST_BYTES: u64 = 1 << 40;

impl Source for RegionReader {
    fn skip(&mut self, count: u64) -> io::Result<()> {
        Self::skip(self, count);
        Ok(())
    }

    fn stored(&mut self, size: u64) -> Option<Stored> {
        self.region().part("", self.position(), size).map(Stored::new)
    }
}

/// What comes out of a stream, and can only be skipped by reading it.
struct Unpacked<R> {
    inner: BufReader<R>,
    left: u64,
}

impl<R: Read> Unpacked<R> {
    fn new(inner: R) -> Self {
        Self { inner: BufReader::with_capacity(WINDOW, inner), left: MOST_BYTES }
    }
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.left = self.left.checked_sub(count as u64).ok_or_else(too_long)?;
        Ok(count)
    }
}

impl<R: Read> BufRead for Unpacked<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.left = self.left.saturating_sub(count as u64);
        self.inner.consume(count);
    }
}

impl<R: Read> Source for Unpacked<R> {
    fn skip(&mut self, mut count: u64) -> io::Result<()> {
        while count > 0 {
            let held = self.inner.fill_buf()?.len();
            if held == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let step = usize::try_from(count).unwrap_or(usize::MAX).min(held);
            self.inner.consume(step);
            count -= step as u64;
            self.left = self.left.checked_sub(step as u64).ok_or_else(too_long)?;
        }
        Ok(())
    }
}

fn too_long() -> io::Error {
    io::Error::other(format!("it has more than {MOST_BYTES} bytes, unpacked"))
}

/// Reads a layer. The digest of a packed one is always compared, because all of it is read anyway; that of one that is not packed, and
/// that of the unpacked bytes, only where `verify` says so.
///
/// # Errors
/// Where the layer is damaged, or has another digest than the image says.
pub fn read(blob: &Blob, verify: bool, take: Take<'_>) -> Result<(Layer, bool), Error> {
    let read = read_once(blob, verify, take, false)?;
    if read.0.is_vague { read_once(blob, verify, take, true) } else { Ok(read) }
}

fn read_once(blob: &Blob, verify: bool, take: Take<'_>, with_paths: bool) -> Result<(Layer, bool), Error> {
    let region = &blob.region;
    let mut head = [0; 6];
    let count = region.read_at(0, &mut head).map_err(|error| failed(region, &error.into()))?;
    let head = head.get(..count).unwrap_or_default();
    match compression(head) {
        None => plain(blob, verify, take, with_paths),
        Some("gzip") => packed::<MultiGzDecoder<Raw>>(blob, verify, take, with_paths),
        Some("zstd") => packed::<Frames>(blob, verify, take, with_paths),
        Some(other) => {
            Err(Error::input(format!("{} is compressed by {other}, which is not read", region.label()))
                .help("build the image with layers in gzip or zstd"))
        }
    }
}

/// Reads a layer that is not packed.
fn plain(blob: &Blob, verify: bool, take: Take<'_>, with_paths: bool) -> Result<(Layer, bool), Error> {
    let region = &blob.region;
    let known = blob.digest.as_ref().or(blob.diff_id.as_ref());
    if let (true, Some(known)) = (verify, known) {
        let mut hashed = Hashed::new(region.reader(), Some(known.hasher()));
        let sum = hashed.finish().map_err(|error| failed(region, &error.into()))?;
        if sum.as_ref() != Some(known) {
            return Err(other_bytes(region, known));
        }
    }
    let mut tar = Tar::new(region.reader());
    let layer = layer::read(&mut tar, region.label(), take, with_paths)?;
    let is_verified = verify && known.is_some();
    // A layer that is cut off between two entries has everything but its end.
    if !tar.has_end() && !is_verified {
        return Err(failed(region, &Damage::CutOff));
    }
    Ok((layer, is_verified))
}

/// Reads a layer that is packed.
fn packed<D: Unpack>(
    blob: &Blob,
    verify: bool,
    take: Take<'_>,
    with_paths: bool,
) -> Result<(Layer, bool), Error> {
    let region = &blob.region;
    let failed = |error: io::Error| failed(region, &error.into());
    let raw = Hashed::new(region.reader(), blob.digest.as_ref().map(Sum::hasher));
    let diff_hasher = blob.diff_id.as_ref().filter(|_| verify).map(Sum::hasher);
    let unpacked = Hashed::new(D::new(BufReader::with_capacity(WINDOW, raw)), diff_hasher);
    let mut tar = Tar::new(Unpacked::new(unpacked));
    let layer = layer::read(&mut tar, region.label(), take, with_paths)?;
    let has_end = tar.has_end();
    // What follows the end of the archive is read as well: sums stand behind the last byte.
    let mut source = tar.into_source();
    io::copy(&mut source, &mut io::sink()).map_err(failed)?;
    let mut unpacked = source.inner.into_inner();
    let diff_id = unpacked.finish().map_err(failed)?;
    let sum = unpacked.into_inner().into_raw().into_inner().finish().map_err(failed)?;
    for (sum, known) in [(&diff_id, &blob.diff_id), (&sum, &blob.digest)] {
        if let (Some(sum), Some(known)) = (sum, known)
            && sum != known
        {
            return Err(other_bytes(region, known));
        }
    }
    let is_verified = sum.is_some() || diff_id.is_some();
    if !has_end && !is_verified {
        return Err(failed(io::ErrorKind::UnexpectedEof.into()));
    }
    Ok((layer, is_verified))
}

/// The bytes of a blob, of which a digest is computed on the way.
type Raw = BufReader<Hashed<RegionReader>>;

/// Something that unpacks.
trait Unpack: Read {
    fn new(raw: Raw) -> Self;

    fn into_raw(self) -> Raw;
}

impl Unpack for MultiGzDecoder<Raw> {
    fn new(raw: Raw) -> Self {
        Self::new(raw)
    }

    fn into_raw(self) -> Raw {
        self.into_inner()
    }
}

/// Unpacks zstd, of which a file may have several frames.
struct Frames {
    raw: Raw,
    decoder: FrameDecoder,
    is_open: bool,
}

impl Frames {
    /// Opens the next frame; whether there is one.
    fn open(&mut self) -> io::Result<bool> {
        while !self.raw.fill_buf()?.is_empty() {
            match self.decoder.reset(&mut self.raw) {
                Ok(()) => {
                    self.is_open = true;
                    return Ok(true);
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => {
                    let length = u64::from(length);
                    if io::copy(&mut (&mut self.raw).take(length), &mut io::sink())? < length {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) => return Err(io::Error::other(error)),
            }
        }
        Ok(false)
    }
}

impl Read for Frames {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if buffer.is_empty() || !(self.is_open || self.open()?) {
                return Ok(0);
            }
            if self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                let some = BlockDecodingStrategy::UptoBytes(WINDOW);
                self.decoder.decode_blocks(&mut self.raw, some).map_err(io::Error::other)?;
            }
            let count = self.decoder.read(buffer)?;
            if count > 0 {
                return Ok(count);
            }
            if self.decoder.is_finished() {
                let named = self.decoder.get_checksum_from_data();
                if named.is_some() && named != self.decoder.get_calculated_checksum() {
                    return Err(io::Error::other("its checksum is wrong"));
                }
                self.is_open = false;
            }
        }
    }
}

impl Unpack for Frames {
    fn new(raw: Raw) -> Self {
        Self { raw, decoder: FrameDecoder::new(), is_open: false }
    }

    fn into_raw(self) -> Raw {
        self.raw
    }
}

fn failed(region: &Region, damage: &Damage) -> Error {
    damaged(region.label(), damage)
}

fn other_bytes(region: &Region, known: &Sum) -> Error {
    Error::input(format!("{} has other bytes than its digest {known} says", region.label()))
        .help("save or fetch the image again")
}
