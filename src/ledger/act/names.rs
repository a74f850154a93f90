// SPDX-License-Identifier: Apache-2.0
//! The names of all acts, for whoever asks for entries by them.

/// Every act's name.
pub const NAMES: &[&str] = &[
    "site.init",
    "site.trust",
    "policy.change",
    "officer.enrol",
    "officer.revoke",
    "key.generate",
    "key.import",
    "key.derive",
    "key.receive",
    "key.export",
    "key.retire",
    "pin.set",
    "ceremony.begin",
    "ceremony.end",
    "store.reshare",
    "store.backup",
    "store.restore",
    "template.approve",
    "card.intent",
    "card.outcome",
    "psam.intent",
    "psam.outcome",
    "card.void",
    "purse.intent",
    "purse.closed",
    "purse.load",
    "purse.purchase",
    "ledger.export",
    "clock.refused",
    "checkpoint.renew",
    "ledger.backup",
    "ledger.loss",
    "ledger.archive",
    "log.key",
    "checkpoint.cosign",
    "range.reserve",
    "order.import",
    "order.withdraw",
    "secret.draw",
    "holder.show",
    "holders.erase",
    "batch.new",
    "batch.approve",
    "batch.run",
    "batch.pause",
    "batch.resume",
    "batch.export",
    "batch.close",
    "stock.receive",
    "stock.hand-out",
    "stock.take-back",
    "stock.return",
    "stock.scrap",
    "stock.count",
    "card.lost",
    "card.found",
    "card.replace",
    "card.exchange",
    "card.extend",
    "card.return",
    "card.cancel",
    "card.block",
    "card.unblock",
    "pin.unblock",
    "pin.reload",
    "card.done",
    "blacklist.add",
    "blacklist.remove",
    "blacklist.publish",
    "blacklist.confirm",
];

/// What acts' names begin with, each once.
pub fn nouns() -> Vec<&'static str> {
    let mut nouns: Vec<&str> = NAMES.iter().filter_map(|name| name.split('.').next()).collect();
    nouns.sort_unstable();
    nouns.dedup();
    nouns
}

/// The noun of a family of acts: of `card` and of `card.`, not of `card.intent`.
pub fn family(text: &str) -> Option<&str> {
    let noun = text.strip_suffix('.').unwrap_or(text);
    nouns().contains(&noun).then_some(noun)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::act::Act;

    #[test]
    fn the_list_is_that_of_the_acts() {
        // serde names all variants that it knows.
        let nothing = serde_json::json!({"act": "nothing", "body": {}});
        let said = serde_json::from_value::<Act>(nothing).unwrap_err().to_string();
        let known: Vec<&str> = said.split('`').skip(3).step_by(2).collect();
        assert_eq!(known, NAMES, "{said}");
    }

    #[test]
    fn families_are_nouns() {
        assert_eq!(
            (family("card"), family("card."), family("card.intent")),
            (Some("card"), Some("card"), None)
        );
        assert_eq!((family("car"), family(""), family(".")), (None, None, None));
        assert_eq!(nouns().first(), Some(&"batch"));
    }
}
