//! Values before an entry, by POSIX: `length key=value` and a line end each.

use super::Damage;

/// Where GNU's map of holes stands in a block.
pub(super) struct Holes {
    /// The byte that says whether another block follows.
    pub(super) flag: usize,
}

/// The blocks behind the header of a file with holes.
pub(super) const HOLES: Holes = Holes { flag: 504 };

/// What is said about an entry.
#[derive(Debug, Default)]
pub(super) struct Extended {
    pub(super) path: Option<Vec<u8>>,
    pub(super) target: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) is_sparse: bool,
}

impl Extended {
    /// Reads values; of one that is given twice the last counts.
    pub(super) fn read(mut bytes: &[u8]) -> Result<Self, Damage> {
        const WRONG: Damage = Damage::Header("the values before it can't be read");
        let mut read = Self::default();
        let mut sparse_name = None;
        // Filled up with zeros by some.
        while bytes.first().is_some_and(|first| *first != 0) {
            let space = bytes.iter().position(|byte| *byte == b' ').ok_or(WRONG)?;
            let digits =
                bytes.get(..space).and_then(|digits| std::str::from_utf8(digits).ok()).ok_or(WRONG)?;
            let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
            let length: usize = digits.parse().ok().filter(|_| is_number).ok_or(WRONG)?;
            let (record, rest) = bytes.split_at_checked(length).ok_or(WRONG)?;
            let pair = record.get(space + 1..).and_then(|pair| pair.strip_suffix(b"\n")).ok_or(WRONG)?;
            let equals = pair.iter().position(|byte| *byte == b'=').ok_or(WRONG)?;
            let (key, value) =
                (pair.get(..equals).unwrap_or_default(), pair.get(equals + 1..).unwrap_or_default());
            let text = || {
                if value.contains(&0) { Err(WRONG) } else { Ok((!value.is_empty()).then(|| value.to_vec())) }
            };
            match key {
                b"path" => read.path = text()?,
                b"linkpath" => read.target = text()?,
                b"size" if value.is_empty() => read.size = None,
                b"size" => {
                    let number = std::str::from_utf8(value).ok().and_then(|text| text.parse().ok());
                    read.size = Some(number.ok_or(WRONG)?);
                }
                b"GNU.sparse.name" => sparse_name = text()?,
                _ if key.starts_with(b"GNU.sparse.") => read.is_sparse = true,
                _ => {}
            }
            bytes = rest;
        }
        if sparse_name.is_some() {
            (read.path, read.is_sparse) = (sparse_name, true);
        }
        Ok(read)
    }

    /// Refuses values for all entries that some readers would take and others not.
    pub(super) fn check_global(&self) -> Result<(), Damage> {
        if self.path.is_some() || self.target.is_some() || self.size.is_some() || self.is_sparse {
            return Err(Damage::Header("values for all entries name one of them"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Extended;

    #[test]
    fn values_are_read() {
        let read =
            Extended::read(b"10 path=a\n12 path=b c\n18 linkpath=d=e=f\n11 size=12\n18 comment=x\ny\nz=\n\0")
                .unwrap();
        assert_eq!(read.path.as_deref(), Some(&b"b c"[..]));
        assert_eq!(read.target.as_deref(), Some(&b"d=e=f"[..]));
        assert_eq!(read.size, Some(12));
        for text in
            ["11 path=a\n", "x path=a\n", "9 patha\n", "11 path=a\0\n", "12 size=-12\n", "99 a=b\n", "3 \n"]
        {
            assert!(Extended::read(text.as_bytes()).is_err(), "{text}");
        }
    }
}
