// SPDX-License-Identifier: Apache-2.0
//! Each check of a plan alone refuses what it is there for. A test is named after its check.

use std::collections::BTreeSet;

use cardmint::ceremony::plan::{self, Severity};

use super::{changed, has_only};

/// The shipped plan with one place changed has a finding of that name and severity, on a line of the file.
fn refused(id: &str, severity: Severity, name: &str, from: &str, to: &str, also: &[&str]) {
    let text = changed(name, from, to);
    let plan = plan::read(&text, name).unwrap_or_else(|e| panic!("{e}"));
    let hit = has_only(&plan.check(None, None), id, severity, also);
    assert!(
        hit.line > 1 && hit.line <= text.lines().count(),
        "{id} at line {}",
        hit.line
    );
}

macro_rules! refusals {
    ($($test:ident $id:literal { $($severity:ident $name:literal $from:literal => $to:literal $(also $also:literal)*;)+ })*) => {
        $(#[test]
        fn $test() {
            assert_eq!(stringify!($test), $id.to_lowercase().replace('-', "_"));
            $(refused($id, Severity::$severity, $name, $from, $to, &[$($also),*]);)+
        })*

        #[test]
        fn every_check_has_a_test() {
            let mut tested: BTreeSet<&str> = [$($id),*].into();
            tested.extend(super::on_site::TESTED);
            let all: BTreeSet<&str> = plan::checks().collect();
            assert_eq!(tested, all);
        }
    };
}

refusals! {
    ceremony_names "CEREMONY-NAMES" {
        Error "backup" "id = \"custodian-3\"" => "id = \"custodian-2\"" also "CEREMONY-PEOPLE-KNOWN";
        Error "rotate" "id = \"backup\"" => "id = \"next-version\"";
        Error "restore" "[[officer]]\nid = \"key-officer-3\"" => "[[officer]]\nid = \"key-officer-2\"" also "CEREMONY-PEOPLE-KNOWN";
    }
    ceremony_participants "CEREMONY-PARTICIPANTS" {
        Error "backup" "custodians = [\"custodian-1\", \"custodian-2\", \"custodian-3\"]" => "custodians = [\"custodian-1\", \"custodian-2\"]"
            also "CEREMONY-QUORUM";
        Error "replace-custodian" "officer = \"leaver\"" => "officer = \"key-officer-3\"" also "CEREMONY-OFFICERS";
        Error "mohurd-city" "id = \"key-officer-1\"\nrole = \"key-officer\"" => "id = \"key-officer-9\"\nrole = \"key-officer\"" also "CEREMONY-PEOPLE-KNOWN";
    }
    ceremony_people_known "CEREMONY-PEOPLE-KNOWN" {
        Error "rotate" "by = [\"key-officer-1\", \"key-officer-2\"]" => "by = [\"key-officer-1\", \"key-officer-4\"]";
        Error "replace-custodian" "custodians = [\"custodian-1\", \"custodian-2\", \"newcomer\"]" => "custodians = [\"custodian-1\", \"custodian-2\", \"key-officer-3\"]";
        Error "restore" "holders = [\"key-officer-1\", \"key-officer-2\", \"key-officer-3\"]" => "holders = [\"key-officer-1\", \"nobody\", \"key-officer-3\"]";
    }
    ceremony_two_people "CEREMONY-TWO-PEOPLE" {
        Error "rotate" "by = [\"key-officer-1\", \"key-officer-2\"]" => "by = [\"key-officer-1\"]";
        Error "rotate" "by = [\"key-officer-1\", \"key-officer-2\"]" => "by = [\"key-officer-1\", \"key-officer-1\"]";
        Error "backup" "by = [\"key-officer-1\", \"key-officer-2\"]" => "by = []" also "CEREMONY-PARTICIPANTS";
        Error "mohurd-city" "by = [\"key-officer-2\", \"witness\"]" => "by = [\"witness\"]";
    }
    ceremony_roles "CEREMONY-ROLES" {
        Error "mohurd-city" "confirm = [\"key-officer-1\", \"key-officer-2\"]" => "confirm = [\"key-officer-1\", \"custodian-1\"]" also "CEREMONY-CONFIRM";
        Error "mohurd-city" "custodians = [\"custodian-1\", \"custodian-2\", \"custodian-3\"]" => "custodians = [\"custodian-1\", \"custodian-2\", \"witness\"]";
        Error "campus" "id = \"leader-4\"\nrole = \"custodian\"" => "id = \"leader-4\"\nrole = \"auditor\"";
        Error "destroy" "by = [\"key-officer-1\", \"key-officer-2\"]" => "by = [\"key-officer-1\", \"auditor\"]";
        Error "replace-custodian" "roles = [\"custodian\"]" => "roles = [\"key-officer\"]";
    }
    ceremony_custodians_differ "CEREMONY-CUSTODIANS-DIFFER" {
        Error "mohurd-city" "custodians = [\"custodian-1\", \"custodian-2\", \"custodian-3\"]" => "custodians = [\"custodian-1\", \"custodian-2\", \"custodian-1\"]";
        Error "campus" "\"leader-3\", \"leader-4\"]" => "\"leader-3\", \"leader-4\", \"leader-1\"]";
    }
    ceremony_confirm "CEREMONY-CONFIRM" {
        Error "mohurd-city" "confirm = [\"key-officer-1\", \"key-officer-2\"]" => "confirm = [\"key-officer-1\"]";
        Error "campus" "confirm = [\"key-officer-1\", \"key-officer-2\"]" => "confirm = [\"key-officer-1\", \"leader-1\", \"key-officer-2\"]" also "CEREMONY-ROLES";
    }
    ceremony_officers "CEREMONY-OFFICERS" {
        Error "replace-custodian" "officer = \"leaver\"" => "officer = \"custodian-1\"" also "CEREMONY-PARTICIPANTS";
        Error "replace-custodian" "officer = \"leaver\"" => "officer = \"newcomer\"" also "CEREMONY-PARTICIPANTS";
    }
    ceremony_words "CEREMONY-WORDS" {
        Error "destroy" "words = \"destroy the load keys of version one\"\n" => "";
        Error "compromise" "words = \"stop the load keys\"\n" => "";
        Error "rotate" "words = \"retire version one\"\n" => "";
        Error "restore" "words = \"restore the key store\"\n" => "";
        Error "replace-custodian" "words = \"end the rights of the leaver\"\n" => "";
        Error "rotate" "words = \"retire version one\"" => "words = \"retire\"";
        Error "rotate" "words = \"retire version one\"" => "words = \"Retire version one\"";
        Error "rotate" "words = \"retire version one\"" => "words = \"retire  version one\"";
        Error "rotate" "words = \"retire version one\"" => "words = \"退役第一版本 密钥\"";
    }
    ceremony_components "CEREMONY-COMPONENTS" {
        Error "mohurd-city" "key = \"load.v1.3des\"\ncustodians = [\"custodian-1\", \"custodian-2\", \"custodian-3\"]" => "key = \"load.v1.3des\"\ncustodians = [\"custodian-1\"]";
    }
    ceremony_factors "CEREMONY-FACTORS" {
        Error "campus" "method = \"digest\"" => "method = \"xor\"";
        Error "campus" "leaders = [\"leader-1\", \"leader-2\", \"leader-3\", \"leader-4\"]" => "leaders = [\"leader-1\"]" also "CEREMONY-PARTICIPANTS";
    }
    ceremony_quorum "CEREMONY-QUORUM" {
        Error "backup" "threshold = 2" => "threshold = 4";
        Error "backup" "threshold = 2" => "threshold = 1";
        Warning "backup" "threshold = 2" => "threshold = 3";
        Error "restore" "threshold = 2" => "threshold = 3";
        Error "restore" "quorum = 2" => "quorum = 4";
        Error "replace-custodian" "quorum = 2" => "quorum = 1";
        Warning "replace-custodian" "quorum = 2" => "quorum = 3";
    }
    ceremony_scheme "CEREMONY-SCHEME" {
        Warning "backup" "resume = true" => "resume = true\nscheme = \"our-own\"";
        Error "mohurd-city" "level = \"city\"" => "level = \"card\"" also "CEREMONY-KEY-FITS";
        Error "mohurd-city" "level = \"city\"" => "level = \"province\"" also "CEREMONY-KEY-FITS";
    }
    ceremony_key_fits "CEREMONY-KEY-FITS" {
        Error "campus" "\"sector-a.v1.3des\", \"sector-b.v1.3des\"" => "\"sector-a.v1.sm4\", \"sector-b.v1.3des\""
            also "CEREMONY-EXPECT-COMPLETE" also "CEREMONY-EXPECT-REACHED";
        Error "mohurd-city" "\"unload.v1.3des\"" => "\"unloading.v1.3des\"" also "CEREMONY-EXPECT-COMPLETE" also "CEREMONY-EXPECT-REACHED";
        Error "mot-issuer" "\"load.v65.sm4\", \"card-control.v65.sm4\"" => "\"load.v2.sm4\", \"card-control.v65.sm4\""
            also "CEREMONY-EXPECT-COMPLETE" also "CEREMONY-EXPECT-REACHED";
        Error "mot-ministry-root" "\"purchase.v2.3des\"" => "\"purchase.v66.3des\"" also "CEREMONY-EXPECT-COMPLETE" also "CEREMONY-EXPECT-REACHED";
        Error "mohurd-city" "level = \"city\"" => "level = \"ministry\"";
        Error "mohurd-ministry-root" "level = \"ministry\"" => "level = \"city\"";
        Error "mohurd-city" "file = \"ministry-bundle\"\nkeys = [\n" => "file = \"ministry-bundle\"\nkeys = [\n    \"load.v2.3des\",\n" also "CEREMONY-EXPECT-COMPLETE";
    }
    ceremony_key_once "CEREMONY-KEY-ONCE" {
        Error "mohurd-city" "\"unload.v1.3des\", \"over" => "\"unload.v1.3des\", \"load.v1.3des\", \"over";
        Error "destroy" "keys = [\"load.v1.3des\", \"load.v1.sm4\"]\nby" => "keys = [\"load.v1.3des\", \"load.v1.sm4\", \"load.v1.sm4\"]\nby";
        Error "mohurd-city" "do = \"check\"\nkeys = [\n" => "do = \"check\"\nkeys = [\n    \"load.v1.3des\",\n";
    }
    ceremony_key_state "CEREMONY-KEY-STATE" {
        Error "compromise" "to-version = 2" => "to-version = 2\nretire = true\nwords = \"retire version one\"" also "CEREMONY-EXPECT-REACHED";
        Error "compromise" "[[step]]\nid = \"next-version\"" =>
            "[[step]]\nid = \"again\"\ndo = \"state\"\nkeys = [\"load.v1.3des\"]\nstate = \"compromised\"\nreason = \"again\"\nwords = \"stop it again\"\nby = [\"key-officer-1\", \"key-officer-2\"]\n[[step]]\nid = \"next-version\"";
        Warning "mohurd-city" "[[step]]\nid = \"initial-pin\"" =>
            "[[step]]\nid = \"end\"\ndo = \"destroy\"\nkeys = [\"unload.v1.3des\"]\nreason = \"r\"\nwords = \"destroy it now\"\nby = [\"key-officer-1\", \"key-officer-2\"]\n[[step]]\nid = \"initial-pin\""
            also "CEREMONY-EXPECT-REACHED";
    }
    ceremony_key_copy "CEREMONY-KEY-COPY" {
        Warning "rotate" "do = \"backup\"\nfile = \"backup\"\nthreshold = 2" => "do = \"split\"\nkey = \"load.v2.3des\"\nthreshold = 2";
    }
    ceremony_exchange_key "CEREMONY-EXCHANGE-KEY" {
        Error "mohurd-city" "[[step]]\nid = \"load-3des\"" =>
            "[[step]]\nid = \"out\"\ndo = \"export-block\"\nkeys = [\"purchase.v1.3des\"]\nunder = \"kek\"\nfile = \"out\"\nby = [\"key-officer-1\", \"key-officer-2\"]\n[[step]]\nid = \"kek\"\ndo = \"import-exchange-key\"\nname = \"kek\"\nalgorithm = \"aes-256\"\ncustodians = [\"custodian-1\", \"custodian-2\"]\nconfirm = [\"key-officer-1\", \"key-officer-2\"]\n[[step]]\nid = \"load-3des\""
            also "CEREMONY-EXPECT-COMPLETE";
        Error "mohurd-city" "[[step]]\nid = \"load-3des\"" =>
            "[[step]]\nid = \"a\"\ndo = \"import-exchange-key\"\nname = \"kek\"\nalgorithm = \"3des-112\"\ncustodians = [\"custodian-1\", \"custodian-2\"]\nconfirm = [\"key-officer-1\", \"key-officer-2\"]\n[[step]]\nid = \"b\"\ndo = \"import-exchange-key\"\nname = \"kek\"\nalgorithm = \"aes-256\"\ncustodians = [\"custodian-1\", \"custodian-2\"]\nconfirm = [\"key-officer-1\", \"key-officer-2\"]\n[[step]]\nid = \"load-3des\""
            also "CEREMONY-EXPECT-COMPLETE";
    }
    ceremony_expect_complete "CEREMONY-EXPECT-COMPLETE" {
        Error "mohurd-city" "\"tac.v1.3des\", \"load.v1.3des\"," => "\"tac.v1.3des\",";
        Error "mohurd-city" "pins = [\"default\"]\n" => "";
        Error "destroy" "[[expect]]\nkeys = [\"load.v1.3des\", \"load.v1.sm4\"]" => "[[expect]]\nkeys = [\"load.v1.3des\"]";
    }
    ceremony_expect_reached "CEREMONY-EXPECT-REACHED" {
        Error "mohurd-city" "do = \"generate\"" => "do = \"generate\"\nstart = \"pre-active\"";
        Error "destroy" "state = \"destroyed\"" => "state = \"retired\"";
        Error "backup" "resume = true" => "resume = true\nexpect = [{ keys = [\"load.v1.3des\"], state = \"active\" }]";
        Error "mohurd-city" "pins = [\"default\"]" => "pins = [\"default\", \"other\"]\nexchange-keys = [\"kek\"]";
        Error "destroy" "[[expect]]\nkeys = [\"load.v1.3des\"," => "[[expect]]\nkeys = [\"load.v1.3des\", \"load.v1.3des\",";
    }
    ceremony_slots "CEREMONY-SLOTS" {
        Error "backup" "pages = \"pages\"" => "pages = \"backup\"";
        Error "mohurd-city" "file = \"backup\"" => "file = \"ministry-bundle\"";
        Error "backup" "[[step]]" => "[[step]]\nid = \"first\"\ndo = \"backup\"\nfile = \"backup\"\nthreshold = 2\ncustodians = [\"custodian-1\", \"custodian-2\", \"custodian-3\"]\npages = \"pages\"\nby = [\"key-officer-1\"]\n[[step]]";
    }
    ceremony_store_opens "CEREMONY-STORE-OPENS" {
        Error "replace-custodian" "holders = [\"key-officer-1\", \"key-officer-2\", \"key-officer-3\"]" => "holders = [\"key-officer-1\", \"key-officer-3\", \"key-officer-3\"]";
        Error "replace-custodian" "holders = [\"key-officer-1\", \"key-officer-2\", \"key-officer-3\"]" => "holders = [\"key-officer-1\", \"key-officer-3\", \"custodian-1\"]";
        Error "replace-custodian" "holders = [\"key-officer-1\", \"key-officer-2\", \"key-officer-3\"]" => "holders = [\"key-officer-1\", \"key-officer-3\", \"newcomer\"]";
        Error "restore" "[[officer]]" => "[[step]]\nid = \"out\"\ndo = \"restore\"\nfile = \"backup\"\nthreshold = 2\ncustodians = [\"custodian-1\", \"custodian-2\"]\nquorum = 2\nholders = [\"key-officer-1\", \"key-officer-2\", \"late\"]\nwords = \"restore it once\"\nby = [\"key-officer-1\"]\n[[step]]\nid = \"in\"\ndo = \"enrol\"\nofficer = \"late\"\nroles = [\"key-officer\"]\nby = [\"key-officer-1\", \"key-officer-2\"]\n[[officer]]\nid = \"late\"\n[[officer]]";
        Error "restore" "by = [\"key-officer-1\", \"key-officer-2\"]" => "by = [\"key-officer-1\", \"key-officer-2\"]\n[[step]]\nid = \"out\"\ndo = \"revoke\"\nofficer = \"key-officer-3\"\nreason = \"left\"\nwords = \"end the rights\"\nby = [\"key-officer-1\", \"key-officer-2\"]";
    }
}
