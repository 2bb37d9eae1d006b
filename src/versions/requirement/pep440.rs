//! PyPI: specifiers of PEP 440, as `SpecifierSet.contains` of packaging understands them; and the requirements of Poetry, which begin
//! with signs that PEP 440 does not have.

use std::cmp::Ordering;

use super::Operator;
use crate::number::Number;
use crate::pypi::{Development, Public, public};

/// Lists of clauses, one of which must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Specifiers(Vec<Vec<Clause>>);

/// What one clause asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Clause {
    /// `>=1.0`.
    Compared(Operator, Box<Public>),
    /// `==1.0.*`, or `!=1.0.*`.
    Prefixed { is_equal: bool, epoch: Number, release: Vec<Number> },
    /// `===1.0`.
    Text(String),
}

impl Specifiers {
    /// Reads a list of specifiers; none where it is not one.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        text.split("||").map(clauses).collect::<Option<_>>().map(Self)
    }

    /// Whether a version is admitted, pre-releases like others.
    pub(super) fn admits(&self, text: &str) -> Option<bool> {
        let version = public(&text.trim().to_ascii_lowercase())?;
        Some(self.0.iter().any(|clauses| clauses.iter().all(|clause| clause.holds(text, &version))))
    }
}

impl Clause {
    fn holds(&self, text: &str, version: &Public) -> bool {
        match self {
            Self::Text(expected) => text.trim().eq_ignore_ascii_case(expected),
            Self::Prefixed { is_equal, epoch, release } => {
                let number = |place: usize| version.release.get(place).unwrap_or(&Number::ZERO);
                let is_prefix = version.epoch == *epoch
                    && release.iter().enumerate().all(|(place, wanted)| number(place) == wanted);
                is_prefix == *is_equal
            }
            Self::Compared(operator, bound) => compared(*operator, version, bound),
        }
    }
}

/// Whether a version stands to a bound as an operator says.
fn compared(operator: Operator, version: &Public, bound: &Public) -> bool {
    // Local versions count only where the bound has one.
    let without_local = |version: &Public| Public { local: Vec::new(), ..version.clone() };
    let is_same_release = version.epoch == bound.epoch && version.release == bound.release;
    match operator {
        Operator::Equal | Operator::NotEqual => {
            let order =
                if bound.local.is_empty() { without_local(version).cmp(bound) } else { version.cmp(bound) };
            operator.holds(order)
        }
        Operator::LessOrEqual | Operator::GreaterOrEqual => operator.holds(without_local(version).cmp(bound)),
        Operator::Less | Operator::Below => {
            version.cmp(bound) == Ordering::Less
                && (bound.is_pre_release() || !version.is_pre_release() || !is_same_release)
        }
        Operator::Greater => {
            let is_later = version.cmp(bound) == Ordering::Greater;
            let is_post = version.post.is_some()
                && Public { post: None, development: Development::No, ..without_local(version) } == *bound;
            is_later
                && !is_post
                && (version.local.is_empty() || without_local(version) > without_local(bound))
        }
    }
}

/// The clauses between commas, all of which must hold.
fn clauses(text: &str) -> Option<Vec<Clause>> {
    let mut clauses = Vec::new();
    for part in text.split(',').map(str::trim) {
        // PEP 440 allows empty parts; an empty list admits anything.
        if !part.is_empty() && part != "*" {
            clauses.extend(clause(part)?);
        }
    }
    Some(clauses)
}

/// What one clause asks for; some of them are two comparisons.
fn clause(text: &str) -> Option<Vec<Clause>> {
    if let Some(exact) = text.strip_prefix("===") {
        let exact = exact.trim();
        let is_word = !exact.is_empty() && !exact.contains(|next: char| next.is_whitespace() || next == ')');
        return is_word.then(|| vec![Clause::Text(exact.to_owned())]);
    }
    if let Some(version) = text.strip_prefix("~=") {
        let (bound, mut release) = of_text(version)?;
        if release.len() < 2 || !bound.local.is_empty() {
            return None;
        }
        release.pop();
        return Some(vec![
            Clause::Prefixed { is_equal: true, epoch: bound.epoch.clone(), release },
            Clause::Compared(Operator::GreaterOrEqual, Box::new(bound)),
        ]);
    }
    if let Some(version) = text.strip_prefix('^') {
        return below(version, |numbers| numbers.iter().position(|number| !number.is_zero()));
    }
    if let Some(version) = text.strip_prefix('~') {
        return below(version, |numbers| Some(usize::from(numbers.len() > 1)));
    }
    let (operator, version) = Operator::split(text, true);
    // Only Poetry leaves out the sign.
    let version = version.trim();
    if let Some(prefix) = version.strip_suffix(".*") {
        let (bound, release) = of_text(prefix)?;
        let is_equal = operator == Operator::Equal;
        let is_plain = bound == Public { epoch: bound.epoch.clone(), ..Public::of_release(release.clone()) };
        let is_allowed = is_plain && (is_equal || operator == Operator::NotEqual);
        return is_allowed.then(|| vec![Clause::Prefixed { is_equal, epoch: bound.epoch, release }]);
    }
    let (bound, _) = of_text(version)?;
    let may_be_local = matches!(operator, Operator::Equal | Operator::NotEqual);
    (bound.local.is_empty() || may_be_local).then(|| vec![Clause::Compared(operator, Box::new(bound))])
}

/// From a version to below the next one at the place that is chosen among its numbers, as Poetry writes it.
fn below(text: &str, place: impl Fn(&[Number]) -> Option<usize>) -> Option<Vec<Clause>> {
    let (bound, release) = of_text(text)?;
    let place = place(&release).unwrap_or(release.len().saturating_sub(1));
    let Number::Small(last) = release.get(place)? else { return None };
    let mut next: Vec<Number> = release.get(..place)?.to_vec();
    next.push(Number::Small(last.checked_add(1)?));
    let upper = Public { epoch: bound.epoch.clone(), ..Public::of_release(next) };
    Some(vec![
        Clause::Compared(Operator::GreaterOrEqual, Box::new(bound)),
        Clause::Compared(Operator::Less, Box::new(upper)),
    ])
}

/// A version, and its numbers with the zeros at the end.
fn of_text(text: &str) -> Option<(Public, Vec<Number>)> {
    let text = text.trim().to_ascii_lowercase();
    let version = public(&text)?;
    let numbers = text.strip_prefix('v').unwrap_or(&text);
    let numbers = numbers.split_once('!').map_or(numbers, |(_, rest)| rest);
    let mut release = Vec::new();
    let mut rest = numbers;
    loop {
        let (digits, behind) = crate::number::split_digits(rest);
        if digits.is_empty() {
            break;
        }
        release.push(Number::of(digits));
        match behind.strip_prefix('.') {
            Some(more) => rest = more,
            None => break,
        }
    }
    Some((version, release))
}

#[cfg(test)]
mod tests {
    use super::Specifiers;

    #[test]
    fn specifiers_mean_what_pep_440_says() {
        for (specifiers, admitted, refused) in [
            ("==1.0", "1.0 1.0.0 1.0+local", "1.0.1 1.0.post1"),
            ("==1.0.*", "1.0 1.0.9 1.0rc1", "1.1"),
            ("!=1.0.*", "1.1", "1.0.1"),
            ("~=1.4.2", "1.4.2 1.4.9", "1.5 1.4.1"),
            ("~=1.4", "1.9", "2.0"),
            (">=1.0,<2.0", "1.0 1.9.9", "2.0 0.9 2.0rc1"),
            (">1.0", "1.0.1", "1.0 1.0.post1 1.0+local"),
            (">1.0.post1", "1.0.post2", "1.0.post1"),
            ("<1.0rc2", "1.0rc1", "1.0rc2"),
            ("===1.0", "1.0", "1.0.0"),
            ("", "1.0", ""),
            ("^1.2", "1.2 1.9", "2.0 1.1"),
            ("^0.2.3", "0.2.9", "0.3"),
            ("~1.2.3", "1.2.9", "1.3"),
            ("~1", "1.9", "2"),
            ("1.2.*", "1.2.9", "1.3"),
            ("1.2.3 || >=2", "1.2.3 2.5", "1.2.4"),
            ("*", "1", ""),
        ] {
            let read = Specifiers::parse(specifiers).unwrap();
            for text in admitted.split_whitespace() {
                assert_eq!(read.admits(text), Some(true), "{specifiers} {text}");
            }
            for text in refused.split_whitespace() {
                assert_eq!(read.admits(text), Some(false), "{specifiers} {text}");
            }
        }
        for text in ["~=1", ">=", ">=1.0+local", "=>1", "@ https://a/b", ">1.*", "main"] {
            assert_eq!(Specifiers::parse(text), None, "{text}");
        }
        assert_eq!(Specifiers::parse(">=1").unwrap().admits("main"), None);
    }
}
