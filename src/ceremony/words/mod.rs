// SPDX-License-Identifier: Apache-2.0
//! Digests as words, to read aloud: one word a byte, from two lists by turns, so that a word left out or two exchanged are
//! heard. English: the PGP word list (Juola and Zimmermann 1995), two syllables on even bytes, three on odd ones. Chinese:
//! things on even bytes, doings on odd ones, all of two characters.
//!
//! No two of the 512 Chinese words sound alike, tones aside, not even for those who do not tell zh ch sh from z c s, n from
//! l, or -ng from -n (but for -ong).

use std::sync::LazyLock;

use crate::i18n::Lang;

/// Words side by side.
const PER_ROW: usize = 4;

/// The words of bytes 0 to 255 on an even place and on an odd one.
type List = Vec<[&'static str; 2]>;

static ENGLISH: LazyLock<List> = LazyLock::new(|| columns(include_str!("english.txt"), [0, 1]));
static CHINESE: LazyLock<List> = LazyLock::new(|| columns(include_str!("chinese.txt"), [0, 2]));

fn columns(text: &'static str, [even, odd]: [usize; 2]) -> List {
    let row = |line: &'static str| {
        let words: Vec<&str> = line.split(' ').collect();
        [words[even], words[odd]]
    };
    text.lines().map(row).collect()
}

/// One word for each byte.
pub fn words(bytes: &[u8], lang: Lang) -> Vec<&'static str> {
    let list = match lang {
        Lang::En => &ENGLISH,
        Lang::Zh => &CHINESE,
    };
    let word = |(at, byte): (usize, &u8)| list[usize::from(*byte)][at % 2];
    bytes.iter().enumerate().map(word).collect()
}

/// The words in numbered rows of four: `1  topmost Istanbul Pluto vagabond`. A digest of 32 bytes has eight rows.
pub fn rows(bytes: &[u8], lang: Lang) -> Vec<String> {
    let words = words(bytes, lang);
    let rows = words.chunks(PER_ROW).zip(1..);
    rows.map(|(row, number)| format!("{number}  {}", row.join(" ")))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;

    /// The four columns of the Chinese list.
    fn chinese() -> Vec<[&'static str; 4]> {
        let lines = include_str!("chinese.txt").lines();
        lines
            .map(|line| line.split(' ').collect::<Vec<_>>().try_into().unwrap())
            .collect()
    }

    #[test]
    fn the_published_example_of_the_english_list() {
        let bytes = hex::decode("E58294F2E9A227486E8B061B31CC528FD7FA3F19").unwrap();
        let rows = rows(&bytes, Lang::En);
        assert_eq!(
            rows,
            [
                "1  topmost Istanbul Pluto vagabond",
                "2  treadmill Pacific brackish dictator",
                "3  goldfish Medusa afflict bravado",
                "4  chatter revolver Dupont midsummer",
                "5  stopwatch whimsical cowbell bottomless",
            ]
        );
    }

    #[test]
    fn both_lists_have_a_word_of_its_own_for_every_byte_and_place() {
        for lang in [Lang::En, Lang::Zh] {
            let bytes: Vec<u8> = (0..=255).flat_map(|byte| [byte, byte]).collect();
            let all = words(&bytes, lang);
            let different: BTreeSet<String> = all.iter().map(|word| word.to_lowercase()).collect();
            assert_eq!((all.len(), different.len()), (512, 512));
        }
    }

    #[test]
    fn chinese_words_are_two_characters_with_their_pinyin() {
        /// Characters that are read in two ways.
        const TWO_READINGS: [(char, [&str; 2]); 1] = [('行', ["xing", "hang"])];
        let mut readings: BTreeMap<char, BTreeSet<&str>> = BTreeMap::new();
        for [thing, its, doing, how] in chinese() {
            for (word, pinyin) in [(thing, its), (doing, how)] {
                let syllables: Vec<&str> = pinyin.split('-').collect();
                assert_eq!((word.chars().count(), syllables.len()), (2, 2), "{word} {pinyin}");
                assert!(word.chars().all(|c| ('\u{4E00}'..='\u{9FFF}').contains(&c)), "{word}");
                assert!(
                    syllables
                        .iter()
                        .all(|s| s.chars().all(|c| c.is_ascii_lowercase() || c == 'ü')),
                    "{pinyin}"
                );
                for (character, syllable) in word.chars().zip(syllables) {
                    readings.entry(character).or_default().insert(syllable);
                }
            }
        }
        let several: Vec<_> = readings.iter().filter(|(_, how)| how.len() > 1).collect();
        let expected = TWO_READINGS.map(|(character, how)| (character, BTreeSet::from(how)));
        assert_eq!(several, expected.iter().map(|(c, how)| (c, how)).collect::<Vec<_>>());
        assert!(readings.len() > 300, "{}", readings.len());
    }

    /// How a syllable sounds to those who make fewer differences.
    fn heard(syllable: &str) -> String {
        let mut sound = syllable.to_owned();
        for initial in ["zh", "ch", "sh"] {
            if sound.starts_with(initial) {
                sound.remove(1);
            }
        }
        if sound.starts_with('n') {
            sound.replace_range(..1, "l");
        }
        if sound.ends_with("ng") && !sound.ends_with("ong") {
            sound.pop();
        }
        sound
    }

    #[test]
    fn no_two_chinese_words_sound_alike() {
        assert_eq!(
            ["zhuang", "niang", "zhong", "lü"].map(heard),
            ["zuan", "lian", "zong", "lü"]
        );
        let sound = |pinyin: &str| pinyin.split('-').map(heard).collect::<Vec<_>>();
        let mut sounds = BTreeSet::new();
        for [thing, its, doing, how] in chinese() {
            assert!(sounds.insert(sound(its)), "{thing} {its}");
            assert!(sounds.insert(sound(how)), "{doing} {how}");
        }
        assert_eq!(sounds.len(), 512);
    }

    #[test]
    fn words_of_the_format_page() {
        let page = include_str!("../../../docs/formats/digest-words.md");
        let digest = crate::crypto::Digest::of(&[b"abc"]);
        assert!(page.contains(&digest.to_string()));
        for row in rows(&digest.0, Lang::En).iter().chain(&rows(&digest.0, Lang::Zh)) {
            assert!(page.contains(row), "{row}");
        }
    }
}
