//! Whose layer it is: the base image's, or the application's.

use devops_core::Error;
use devops_image::{Image, Opened, Selection, Sum, open};

use std::path::Path;

/// Where something in an image comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Origin {
    /// A layer of the base image.
    Base,
    /// A layer that was built on it.
    Application,
}

impl Origin {
    /// The word for it in reports.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Application => "application",
        }
    }
}

/// The label that names the digest of the base image, by the image specification.
pub(crate) const BASE_DIGEST: &str = "org.opencontainers.image.base.digest";

/// How many of an image's layers are those of its base image.
///
/// What the image says of its base is not asked: a label could make every layer one of the base. The layers have to be the same.
///
/// # Errors
/// Where the base image can't be read, or is no base of this image.
pub(crate) fn base_layers(image: &Image, base: &str) -> Result<usize, Error> {
    let path = Path::new(base);
    let other = if path.exists() {
        let Opened::Image(other) = open(path, &Selection::default())? else {
            return Err(not_base(base, "is a root folder, which has no layers"));
        };
        other
    } else if let Some(digest) = Sum::read(base.rsplit('@').next().unwrap_or_default()) {
        let selection = Selection { digest: Some(digest.text().to_owned()), ..Selection::default() };
        // The layout of the image may hold its base as well.
        match open(Path::new(&image.label), &selection)? {
            Opened::Image(other) if is_called(&other, &digest) => other,
            _ => {
                return Err(not_base(base, "is not in the same layout")
                    .help("give the base image as an archive or a layout: `devops fetch image` gets one"));
            }
        }
    } else {
        return Err(not_base(base, "is neither a file nor a digest"));
    };
    let count = other.layers.len();
    let is_same = |(own, base): (&devops_image::Blob, &devops_image::Blob)| {
        let by_content = own.diff_id.is_some() && own.diff_id == base.diff_id;
        by_content || (own.digest.is_some() && own.digest == base.digest)
    };
    let same = image.layers.iter().zip(&other.layers).take_while(|pair| is_same(*pair)).count();
    if same < count || count == 0 {
        return Err(not_base(base, &format!("has {count} layers, of which the image has the first {same}"))
            .help("give the base image that this image was built on"));
    }
    Ok(count)
}

/// Whether an image has a digest, or was reached through an index that has.
pub(crate) fn is_called(image: &Image, digest: &Sum) -> bool {
    image.manifest.as_ref() == Some(digest) || image.id == *digest || image.indexes.contains(digest)
}

fn not_base(base: &str, what: &str) -> Error {
    Error::input(format!("the base image {base} {what}")).help("check `--base-image`")
}
