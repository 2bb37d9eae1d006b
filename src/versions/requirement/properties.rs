//! No text makes a requirement panic, whatever the ecosystem.

use proptest::prelude::*;

use super::{Requirement, is_pre_release};
use crate::ECOSYSTEMS;

proptest! {
    #[test]
    fn any_text_is_read_or_not_known(
        requirement in "[0-9.x*^~<>=!|, \\-+a-c\\[\\]()@v]{0,24}|\\PC{0,24}",
        version in "[0-9.a-c+\\-]{0,16}|\\PC{0,16}",
    ) {
        for ecosystem in ECOSYSTEMS.iter().map(|entry| entry.name) {
            if let Some(read) = Requirement::parse(ecosystem, &requirement) {
                let _ = read.admits(&version);
            }
            let _ = is_pre_release(ecosystem, &version);
        }
    }
}
