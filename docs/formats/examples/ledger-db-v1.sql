-- A version 1 database as version 1 of the program wrote it (the card centre's example). Read by tests/ledger/upkeep/format.rs:
-- it verifies as it is, and after its migration with the same root. Its checkpoint is ledger-centre-v1.checkpoint.
PRAGMA application_id = 0x434D4C47;
PRAGMA user_version = 1;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE entries (
    seq    INTEGER PRIMARY KEY CHECK (seq >= 0),
    line   TEXT NOT NULL,
    at     TEXT GENERATED ALWAYS AS (json_extract(line, '$.at')) VIRTUAL,
    act    TEXT GENERATED ALWAYS AS (json_extract(line, '$.act')) VIRTUAL,
    number TEXT GENERATED ALWAYS AS (json_extract(line, '$.body.number')) VIRTUAL
) STRICT;
INSERT INTO entries VALUES(0,'{"act":"site.init","at":"2026-11-18T11:06:40Z","body":{"code":"3100","level":"city","log_key":"/RckOFqgx1tk+3jNYC+h2ZH96/drE8WO1wLqyDXp9hg=","name":"示范城市一卡通","officers":[{"key":"iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w=","name":"张三","roles":["key-officer","operator"]},{"key":"gTl3Dqh9F19Wo1Rmw0x+zMuNipG07jeiXfYPW4/Js5Q=","name":"李四","roles":["supervisor"]}],"policy":{"approved_templates":true,"rules":{"batch.approve":{"approvers":[],"officers":1,"roles":["supervisor"]},"batch.close":{"approvers":["supervisor"],"officers":2,"roles":["operator","supervisor"]},"batch.export":{"approvers":[],"officers":1,"roles":["operator","supervisor"]},"batch.new":{"approvers":[],"officers":1,"roles":["operator","supervisor"]},"batch.pause":{"approvers":[],"officers":1,"roles":["operator","supervisor"]},"batch.resume":{"approvers":[],"officers":1,"roles":["operator","supervisor"]},"batch.run":{"approvers":[],"officers":1,"roles":["operator","supervisor"]},"blacklist.add":{"approvers":[],"officers":1,"roles":["operator","supervisor"]},"blacklist.confirm":{"approvers":[],"officers":1,"roles":["operator","supervisor"]},"blacklist.publish":{"approvers":[],"officers":1,"roles":["supervisor"]},"blacklist.remove":{"approvers":[],"officers":1,"roles":["supervisor"]},"card.block":{"approvers":[],"officers":1,"roles":["operator","supervisor"]},"card.cancel":{"approvers":[],"officers":1,"roles":["operator","supervisor"]},"card.done":{"approvers":[],"officers":1,"roles":["operator","supervisor"]},"card.exchange":{"approvers":[],"officers":1,"roles":["operator","supervisor"]},"card.extend":{"approvers":[],"officers":1,"roles":["operator","supervisor"]},"card.found":{"approvers":[],"officers":1,"roles":["operator","supervisor"]},"card.lost":{"approvers":[],"officers":1,"roles":["operator","supervisor"]},"card.replace":{"approvers":["supervisor"],"officers":2,"roles":["operator","supervisor"]},"card.return":{"approvers":[],"officers":1,"roles":["operator","supervisor"]},"card.unblock":{"approvers":[],"officers":1,"roles":["operator","supervisor"]},"card.void":{"approvers":[],"officers":2,"roles":[]},"checkpoint.renew":{"approvers":[],"officers":2,"roles":[]},"holder.show":{"approvers":[],"officers":1,"roles":["supervisor","auditor"]},"holders.erase":{"approvers":["supervisor"],"officers":2,"roles":["operator","supervisor"]},"key.derive":{"approvers":[],"officers":2,"roles":[]},"key.export":{"approvers":[],"officers":2,"roles":[]},"key.generate":{"approvers":[],"officers":2,"roles":[]},"key.import":{"approvers":[],"officers":2,"roles":[]},"key.receive":{"approvers":[],"officers":2,"roles":[]},"key.retire":{"approvers":[],"officers":2,"roles":[]},"officer.enrol":{"approvers":[],"officers":2,"roles":[]},"officer.revoke":{"approvers":[],"officers":2,"roles":[]},"order.import":{"approvers":[],"officers":1,"roles":["operator","supervisor"]},"order.withdraw":{"approvers":[],"officers":1,"roles":["supervisor"]},"pin.reload":{"approvers":[],"officers":1,"roles":["operator","supervisor"]},"pin.unblock":{"approvers":[],"officers":1,"roles":["operator","supervisor"]},"range.reserve":{"approvers":[],"officers":1,"roles":["supervisor"]},"secret.draw":{"approvers":[],"officers":1,"roles":["operator","supervisor","key-officer"]},"stock.count":{"approvers":[],"officers":1,"roles":["operator","supervisor"]},"stock.hand-out":{"approvers":[],"officers":1,"roles":["supervisor"]},"stock.receive":{"approvers":[],"officers":1,"roles":["supervisor"]},"stock.return":{"approvers":["supervisor"],"officers":2,"roles":["operator","supervisor"]},"stock.scrap":{"approvers":["supervisor"],"officers":2,"roles":["operator","supervisor"]},"stock.take-back":{"approvers":[],"officers":1,"roles":["supervisor"]},"template.approve":{"approvers":[],"officers":2,"roles":[]}}},"program":"cardmint 0.1.0","rehearsal":true,"scheme":"mohurd"},"officer":"张三","prev":"0000000000000000000000000000000000000000000000000000000000000000","seq":0,"sigs":[{"officer":"张三","sig":"QEvBwihVXoA6qRIkUR97Xp2ckTRAwFrvz4awYiFyrd+zdJjob907Fwh5WlslnPMBI1MCRUysdEcEmUupGpYzDg=="},{"officer":"李四","sig":"c213VdQuEdQ0Pk5U59YfQ/eYav+JUmWPAqRwYGQJXisJgzF7aZW0eaxhZ5iGm0v0CzO02DBAEznVHZrhyNOiDQ=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(1,'{"act":"template.approve","at":"2026-11-18T11:06:41Z","body":{"digest":"5cde0f1298f41f7d1c8b907a36992a7a513225a2615bd6e307bf1a9149b06b40","template":"mohurd-user"},"officer":"张三","prev":"7ab9f7d69d24bef3bb432c68459d0a79a7f4c326b72265e43b48596311e98fa4","seq":1,"sigs":[{"officer":"张三","sig":"xJ+57xauYKtOuLbjEmBesnQeRe8Pd7QrcB4ueD5SWGUNT91+C10kIrbBGa4RwP6zuM5EOVJt65bRiJ1ZxIaKBA=="},{"officer":"李四","sig":"kzkmudkfgdkhYDrSV8o0acuR1S2vaEfocas/E45wK9lhH+9Ya38Alu11/nT7mGCPaaPq7qxwSWdepr95UvRDAg=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(2,'{"act":"key.generate","at":"2026-11-18T11:06:42Z","body":{"alg":"3des","kcv":"2677F4","key":"load/1","owner":"city 3100","state":"active","usage":"load","version":1},"officer":"张三","prev":"12471c3c39cb348e3bc02947e0f762efc280334a7bd927d6c52d232b378c66b0","seq":2,"sigs":[{"officer":"张三","sig":"/FvWwhvN75+SxYgWUt7+voUNFiWyj7l3IPGFUGBse7lxe0ofsuLAz84vsPXf+R7xHb18L4LzOwjQ6mZUPKUQCA=="},{"officer":"李四","sig":"4fi5Nb8atzfb262Z1+uhlZUuDVuf/I6h6oVR9GnrYFX4pshKmJ9KEPYS+XGloZ1Bd1LDQ7KmuNCd0eeh5HnGDw=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(3,'{"act":"range.reserve","at":"2026-11-18T11:06:43Z","body":{"from":"3100000000000001","kind":"user","purpose":"2027","range":"31","to":"3100000000001000"},"officer":"李四","prev":"326e3028c30030fc7b0121dfc739f3376dc454f0ac1189e180de9dc7bad73f10","seq":3,"sigs":[{"officer":"李四","sig":"qv+oOJcXYPvtzMXTFsr1BOV98DQ9EHICozNVfL9a0y6O9VsbDsA9wqxLQWp6tD5OpLhquw7rkv6TRc4WOseLCA=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(4,'{"act":"order.import","at":"2026-11-18T11:06:44Z","body":{"digest":"7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed","holders":"f105711533a2831df45d0541b5366e37dcbed61ab843b77ad0c29f9913ede401","kind":"user","numbers":[{"from":"3100000000000001","range":"31","to":"3100000000000010"}],"order":"one","rows":10,"template":"mohurd-user","template_digest":"5cde0f1298f41f7d1c8b907a36992a7a513225a2615bd6e307bf1a9149b06b40"},"officer":"张三","prev":"098b40752388089467bb22e8d8a892911601c9dab77ab5e1623b44a0122b1fb8","seq":4,"sigs":[{"officer":"张三","sig":"OQh4cMYZygRydiwg1t47HnqyuUFShaWBZojtp/koGHli4kymCae4IhAMnx0fFvQpFD26Q+ox731o+6hr4z5CBg=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(5,'{"act":"stock.receive","at":"2026-11-18T11:06:45Z","body":{"count":20,"lot":"L1","supplier":"复旦微电子","type":"fmcos 8k"},"officer":"李四","prev":"aa00588b7da2dcabfbdc0e35b32e60a5c210eb67f63b69ac46c22f239541c663","seq":5,"sigs":[{"officer":"李四","sig":"BuJH3kCi1Mu8apl9r2BJEc0s7dvIS2JnJ2grooUeW1fDQqSCpcOQjFNk/aBBScieQwftlHXIGPRopmtYNtBTBQ=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(6,'{"act":"stock.hand-out","at":"2026-11-18T11:06:46Z","body":{"count":12,"lot":"L1","to":"张三"},"officer":"李四","prev":"40044317076700c30cb4061fc74af94d7a0eb377a45ba8b976e8b98af5fbb25f","seq":6,"sigs":[{"officer":"李四","sig":"E/lKNnEn6OOEBZLsbTPOJF2coYWrGMMViLOp8YYMakTp6BUacGxO8LLBd1KkJJ1MC0OqKF1M7aM3A+y6f0pAAQ=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(7,'{"act":"batch.new","at":"2026-11-18T11:06:47Z","body":{"batch":"B","digest":"1cce3e1b5d8bfbdbd0557b6aa35a83f48f159a7129128e26d86004e901711b99","keys":[{"kcv":"2677F4","key":"load/1"}],"order":"one","order_digest":"7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed","rows":10,"template":"mohurd-user","template_digest":"5cde0f1298f41f7d1c8b907a36992a7a513225a2615bd6e307bf1a9149b06b40"},"officer":"张三","prev":"3fe0e89fe5e68ddb6cdfb20629028110ea798e9dc929d8526740ba8eb79ba5b2","seq":7,"sigs":[{"officer":"张三","sig":"DblJheluvJbmKlkFql+1fFb2dcb8I7K8sxgIChK7rDfs5MwEuUqPqNmpvIa/qbPqTeVD4BaVYXpD+aRl8caiCQ=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(8,'{"act":"batch.approve","at":"2026-11-18T11:06:48Z","body":{"batch":"B","digest":"1cce3e1b5d8bfbdbd0557b6aa35a83f48f159a7129128e26d86004e901711b99"},"officer":"李四","prev":"f51d2cd045d5f1de03204cb739b03cf91f2cd9714f1c625cda32a4ca2b2d2ee3","seq":8,"sigs":[{"officer":"李四","sig":"Gns65UsBMRo+v4tN/2WvYJGUxdpj67kpvbTkvmPKaAVDB+iDZyy1VM12fdUImqLyaJSWPfG/YUOl+eeVhNnLCg=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(9,'{"act":"batch.run","at":"2026-11-18T11:06:49Z","body":{"batch":"B","digest":"1cce3e1b5d8bfbdbd0557b6aa35a83f48f159a7129128e26d86004e901711b99","readers":["sim:a","sim:b"]},"officer":"张三","prev":"cf689b6ce3df756c442a581614b796104e7d52382ff66713f1a4631255ae92dc","seq":9,"sigs":[{"officer":"张三","sig":"mj8hEw4ekPROiYBOEGHIMJJgh/UOUEp/v3LCqW7GM+22k3TxVLsflLYYQTcv/7ds8+z5SR26GupkpV/+hC4BDA=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(10,'{"act":"card.intent","at":"2026-11-18T11:06:50Z","body":{"batch":"B","chip":"C1","keys":[{"kcv":"998877","key":"load/1","usage":"load v1"}],"lot":"L1","number":"3100000000000001","reader":"sim:1","script":"5bbecaa02547f9caffc14f2f0b475cc0eace04c1b3d7ec54d4faa8a70c3bb8a2","template":"mohurd-user","template_digest":"5cde0f1298f41f7d1c8b907a36992a7a513225a2615bd6e307bf1a9149b06b40"},"officer":"张三","prev":"55567da5b8fb620bf9e509ae9693709655a36de7565fabeaa4ad11451c837a23","seq":10,"sigs":[{"officer":"张三","sig":"XqGnqM+Kke/vEOiOdfBs5R7LmXdFyV6I5csXClinmGcrOj2oJ20NuEIzhktgekztZd95arlbsWei0WQfUGEBDA=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(11,'{"act":"card.outcome","at":"2026-11-18T11:06:51Z","body":{"intent":10,"number":"3100000000000001","result":"issued","steps":26},"officer":"张三","prev":"006d126fb68fec50496232240b6a68b207fbfe1536da41ae6780970fc6e4f2ff","seq":11,"sigs":[{"officer":"张三","sig":"kZgOZKyFN2F9SE5EB5Z6hn2FR7sTaaNNQJW/IdQsULIzLRXXR+DL94D4zr6alKyjBaDpLl+v7kHZFCGq+gJ3Bw=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(12,'{"act":"card.intent","at":"2026-11-18T11:06:52Z","body":{"batch":"B","chip":"C2","keys":[{"kcv":"998877","key":"load/1","usage":"load v1"}],"lot":"L1","number":"3100000000000002","reader":"sim:1","script":"032a70d0bd04fef9397f6649b400b96bb6579984524dda10df424d9f25a8ee3d","template":"mohurd-user","template_digest":"5cde0f1298f41f7d1c8b907a36992a7a513225a2615bd6e307bf1a9149b06b40"},"officer":"张三","prev":"1735ceef72ba049c73a6ebe6a5afd74b337b58325f5b354dda8c24161714845d","seq":12,"sigs":[{"officer":"张三","sig":"VytS8CDLTezdlELt4JGy5FwusC76VmK5iAoHClX96xcqf79vhtqVrOdBT/caPF2Cp1Bs4E2xwd3dNuGu3ojVBg=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(13,'{"act":"card.outcome","at":"2026-11-18T11:06:53Z","body":{"intent":12,"number":"3100000000000002","result":"issued","steps":26},"officer":"张三","prev":"d03b56d65962718dd110fe6edbded62faa6a5c47194e5053c479d4a612d96d68","seq":13,"sigs":[{"officer":"张三","sig":"hiRxZa3HrTQvcjZ+TEAkvdEcrd+j/WHi4uWrHmxWWWtTPuH9lC52K/1uzzDVRSIAORNxJVrzn6YAbSUthChuCw=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(14,'{"act":"card.intent","at":"2026-11-18T11:06:54Z","body":{"batch":"B","chip":"C3","keys":[{"kcv":"998877","key":"load/1","usage":"load v1"}],"lot":"L1","number":"3100000000000003","reader":"sim:1","script":"e8af5fd5822ac03cb27a62ed070fe94132fd60c19f8b7973f3b2dfaaa99580ca","template":"mohurd-user","template_digest":"5cde0f1298f41f7d1c8b907a36992a7a513225a2615bd6e307bf1a9149b06b40"},"officer":"张三","prev":"8690906150ce5dc50ddc03c45b6415ebdea7a7e04bcfb7d1e9d235b6ad59f5e3","seq":14,"sigs":[{"officer":"张三","sig":"LuIcdUZgmgvZwQJIFYhgaMqpvz1qhOn6zakUwx6Bxkvv2SkBpuQ8BsSuEebz2yJj7Uwsvpw20bl+0RzEX5avAA=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(15,'{"act":"card.outcome","at":"2026-11-18T11:06:55Z","body":{"intent":14,"number":"3100000000000003","result":"issued","steps":26},"officer":"张三","prev":"d734c7f389785d73aee444379e5fe966f920c7557a858262b694f4c3bb8e2b0c","seq":15,"sigs":[{"officer":"张三","sig":"7NDonnHn5kFQEHygrE6fIOF2G83njzTqKCIeKyH2cazhGcqUZH/LLDzCmM3Rale239lfneDoyZJia30e2HVWCg=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(16,'{"act":"card.intent","at":"2026-11-18T11:06:56Z","body":{"batch":"B","chip":"C4","keys":[{"kcv":"998877","key":"load/1","usage":"load v1"}],"lot":"L1","number":"3100000000000004","reader":"sim:1","script":"65ffd1e153a819521100e7ff5947584b3e5e28f22a05c3ad8eb27192a0fc7d69","template":"mohurd-user","template_digest":"5cde0f1298f41f7d1c8b907a36992a7a513225a2615bd6e307bf1a9149b06b40"},"officer":"张三","prev":"0a211323a894f467a0e9dce234a225c7052bccb46817604d60ea5f42c3afa641","seq":16,"sigs":[{"officer":"张三","sig":"578ZULPENAP4gWydkfSeXQlJpXb35Ua4+Tc98RRUzAJ7LvMQH0ORzvzYfGou1/12zHMnQwm6Wrzztvl7u1/xDQ=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(17,'{"act":"card.outcome","at":"2026-11-18T11:06:57Z","body":{"intent":16,"number":"3100000000000004","result":"issued","steps":26},"officer":"张三","prev":"53c1321ff86542d6f817b074a60b1f61261e667e3902cf3f28bc3e71a7205ff2","seq":17,"sigs":[{"officer":"张三","sig":"M6L0AimfS6O3l4h6qslbaGEctGFQoD3w2Om+iTmQ09sdPqM7SUH3+/tzG139REikrZ9qUrjLfO6wG/FoN9/hDg=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(18,'{"act":"card.intent","at":"2026-11-18T11:06:58Z","body":{"batch":"B","chip":"C5","keys":[{"kcv":"998877","key":"load/1","usage":"load v1"}],"lot":"L1","number":"3100000000000005","reader":"sim:1","script":"9f4f5d19baf6da6efc41aad2280fff66b183368123daf0be7c3059aa2c022fa2","template":"mohurd-user","template_digest":"5cde0f1298f41f7d1c8b907a36992a7a513225a2615bd6e307bf1a9149b06b40"},"officer":"张三","prev":"494f0e164caf4ae654a65a3c6313b139c1eb58e78385a9817b872309b4c40ca7","seq":18,"sigs":[{"officer":"张三","sig":"S2L77NH/XKAhA7S09rOCS6Fd7YQ9f6AZPa0pVpIE4fTegVEG2P8C5ZS8wZOp5qspq3Ez906ibX9ERRzOvZeVBg=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(19,'{"act":"card.outcome","at":"2026-11-18T11:06:59Z","body":{"intent":18,"number":"3100000000000005","result":"issued","steps":26},"officer":"张三","prev":"8fdb273582b6f3c0163b444de4742980cafd1cc6eb81ddc3cab3bfd8eac0ae50","seq":19,"sigs":[{"officer":"张三","sig":"irFDgxgWYgb3tXQcpjhqD+wejtDxMjLBYJ9Zr1q+fxqc0jG1tgGYeNNaCiiyc5GP29g+ENRKcPef2lI/6AALDA=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(20,'{"act":"card.intent","at":"2026-11-18T11:07:00Z","body":{"batch":"B","chip":"C6","keys":[{"kcv":"998877","key":"load/1","usage":"load v1"}],"lot":"L1","number":"3100000000000006","reader":"sim:1","script":"ef99d288042724f66a2b79d69868db9b9786cb35ead3bb3d568828dd8a828b91","template":"mohurd-user","template_digest":"5cde0f1298f41f7d1c8b907a36992a7a513225a2615bd6e307bf1a9149b06b40"},"officer":"张三","prev":"69f9997b8b1047cfae52704a0c69890ccf02f97b8e9e4a35d87cfe05f014a7ce","seq":20,"sigs":[{"officer":"张三","sig":"NOnkUKt8BXrxbO2ngO+lKDpPzzrNoQpxF5D1/PlGmt5YtHjbCiqAo9OPGWC3f5midxq2A+PsYLk/DbZdl7/4DQ=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(21,'{"act":"card.outcome","at":"2026-11-18T11:07:01Z","body":{"intent":20,"number":"3100000000000006","result":"failed-blank","steps":26},"officer":"张三","prev":"e95b947858ef8bc258ffb8fd4deefea0228d356916e3fb77f5c4406fd6217c46","seq":21,"sigs":[{"officer":"张三","sig":"2va7bUfqEKBmAsWwGfrm8CrT1s2yVX/MAG3g5216wwZqauEWzhM27WKwXMhEzdaSsYYToCfKxTTI6cqVthU9BA=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(22,'{"act":"card.intent","at":"2026-11-18T11:07:02Z","body":{"batch":"B","chip":"C7","keys":[{"kcv":"998877","key":"load/1","usage":"load v1"}],"lot":"L1","number":"3100000000000007","reader":"sim:1","script":"2e1955ae4ada0acb940d70740a8554111a21fa93a7db14c6012485889903f1c8","template":"mohurd-user","template_digest":"5cde0f1298f41f7d1c8b907a36992a7a513225a2615bd6e307bf1a9149b06b40"},"officer":"张三","prev":"f832667fb4336815b8e28cb4b08ce918b90fb2557140b384c2f8bd789e82b37d","seq":22,"sigs":[{"officer":"张三","sig":"lmSmMDWzNQIreexjo5TgIXEXvfok+XpAJpRr0o0ocNUYOLfECEdg7lEaktiu1gguFz8AZQhtNJ2Nrkvs0pidBw=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(23,'{"act":"card.outcome","at":"2026-11-18T11:07:03Z","body":{"intent":22,"number":"3100000000000007","result":"failed-partial","steps":26},"officer":"张三","prev":"331b1abf9eabdfa3c3190c4aa0521de3655bc8aacec2f0479d42470f90b8ad86","seq":23,"sigs":[{"officer":"张三","sig":"LmySV21OSW5sAezPisic5IhzMw/Ql9clyF+bKVpaKSjp5BSeymKDEfbIzxt6FBDba4i0xSia3zS9RXlm+APIAw=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(24,'{"act":"card.void","at":"2026-11-18T11:07:04Z","body":{"kind":"user","number":"3100000000000007","reason":"dead"},"officer":"张三","prev":"dc270b91448d9062894d41345b05afc362598b7d3cd2c10c97319cdc9e4540fb","seq":24,"sigs":[{"officer":"张三","sig":"ztHJyyVzq8ttnRPmtozs3hdZJZ8chglUYvaRH8bJ2A1lra8QHOalupbcnmx72TymntQFYXwxII/7Vkf3px47Bw=="},{"officer":"李四","sig":"+3t1hAMYUoPVLxa3tXVAtBpqrJELCekw583OmUksrTfd0ECu4dk6CbL36ZFBlvquIbFCGu6tb2nargyp9pfEDg=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(25,'{"act":"batch.pause","at":"2026-11-18T11:07:05Z","body":{"batch":"B","reason":"lunch"},"officer":"李四","prev":"87dd5538bb97a455091f72b03eae4ac7106110d26b6c0367ae274972e654353d","seq":25,"sigs":[{"officer":"李四","sig":"gJtmOS0noQEq9SYWybbvRVXTAkOkUUG7HFaprR894tTEuGQX+tzKs5BhBHNn7mq955gO0ZuBUqZqKPuq4An5BQ=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(26,'{"act":"batch.resume","at":"2026-11-18T11:07:06Z","body":{"batch":"B"},"officer":"张三","prev":"c59dcb4e8676390c8ff3c968166c77af234fde5b6b3fa82c52cd01618aba9c28","seq":26,"sigs":[{"officer":"张三","sig":"DGObbIqc27qHO6Xb3Qq1bP9dDNA1KElPw8EaltfywKx31yCyOCeJ9SbX2lPwWULR+FsDt+9qMfzx2w32jz6+CA=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(27,'{"act":"stock.scrap","at":"2026-11-18T11:07:07Z","body":{"batch":"B","count":2,"from":"张三","lot":"L1","reason":"broken"},"officer":"张三","prev":"bafe3a696f6716dbbc0cd9b622778d67d043cb1d1bcc49e6d3865c0384b63b42","seq":27,"sigs":[{"officer":"张三","sig":"kZsiBb8gNL0MGISnM1xyMezyaHQ4BpIVYSAUo2mRXXXzO6EkfX/Yj9+JiVDmStjJbRSeUj8Zzr1EjqdiYGzJDw=="},{"officer":"李四","sig":"TLS2+E2IMU2qzLKRAkJvIAXp9/qitVs8qBi7ufUANh+7ShkPMld6zYj3Uv8zArI3i4PyISSwFG/Vt6impreyCQ=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(28,'{"act":"batch.export","at":"2026-11-18T11:07:08Z","body":{"batch":"B","digest":"3e61ee780130ad1916942cf4204fe8f8fcf5d6605a8c4ee929a2ea6e8345c8bf","form":"mailer","rows":5,"to":"printer"},"officer":"张三","prev":"5ff38fc1d02fd574eed731e90ac62ab16d7ec9ad9d6c01986a805390b44c9118","seq":28,"sigs":[{"officer":"张三","sig":"y2YAvV2ZlVs8Kpc7+sJc7xpVsLIXKihzRSOZBPz2pot9l1rzd6DXS2UonfFmRzzWsEnsX7Q+zwIlO2+6QFDfBQ=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(29,'{"act":"batch.close","at":"2026-11-18T11:07:09Z","body":{"batch":"B","failed":1,"issued":5,"left":3,"lots":[{"drawn":8,"issued":5,"lot":"L1","scrapped":3}],"void":1},"officer":"张三","prev":"703e018c5028d7418e265fc0d4de7b1aa815aab6be7524a1e47beb1aac5ae904","seq":29,"sigs":[{"officer":"张三","sig":"mWJBiyapOwKv51ZkrDQgdZ2DURAB2YzCUAXF/SlCa11/OYp8SmWEMb7Zr4IzXBAuS85LqJ/vQHEHxbww8fVQDQ=="},{"officer":"李四","sig":"SEdQj237vWMLVLy4BmxhLJVnxhn7B4hT+a9BMm7M7XIpYuqclbiO6aEjvAnkosmZu5839qOWmlnIq2zeNnZhCA=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(30,'{"act":"stock.take-back","at":"2026-11-18T11:07:10Z","body":{"count":3,"from":"张三","lot":"L1"},"officer":"李四","prev":"d2e92e41ce994f360cdacc57845715ba725acecf39e91adaab1dbade1279ba62","seq":30,"sigs":[{"officer":"李四","sig":"Lxi5rQ1nwqM/JQs0Pyt61gbyAIVbg2xDJ87X9zaG9wXcZO5ny2itd+KzRVs0YgUfccFjKrSRh9VQ9uJ/5VlkBA=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(31,'{"act":"stock.count","at":"2026-11-18T11:07:11Z","body":{"counted":11,"expected":11,"lot":"L1"},"officer":"张三","prev":"2cc89c14c0b235164853029200b5bee5a5d01eb177854477668cca47c22f0a62","seq":31,"sigs":[{"officer":"张三","sig":"yoqVoxAi/lxMFCut8icCQzksJRXB6CEidtXNb+1H3Fw73BMIDG96SwQlo9w7qq1ArPuDpcqHcbfSPuDjLMJeCQ=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(32,'{"act":"stock.return","at":"2026-11-18T11:07:12Z","body":{"count":4,"lot":"L1","reason":"wrong print"},"officer":"张三","prev":"bc4dff722efbfa2ff946122df7e388adb7e88c9b771b23c9a5b5f96cf8a1ff6e","seq":32,"sigs":[{"officer":"张三","sig":"ixrrsDHRC7uPd0T+bjz+A1bVCZjJ/E6AturGpUjA9s7Ftu8tNcDgupF/QScsYNOJeM/PqWH2C7OD6XYuCvvuCg=="},{"officer":"李四","sig":"AU5d81OUgFCC5LZdSD2QdfpVMJPjbtnSlgZ2+egPgiE+65rVUw+p8L+IgpjBCgpNB2pGa3XNGawSZsFDxCsBDA=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(33,'{"act":"stock.receive","at":"2026-11-18T11:07:13Z","body":{"count":2,"document":"note 4711","lot":"P1","serials":["P7","P8"],"supplier":"复旦微电子","type":"fmcos 8k"},"officer":"李四","prev":"4b431701bc6ef4f276f2a72d5c9bbf9abac8e7365ebf45f6b75da1d31e7bcf1b","seq":33,"sigs":[{"officer":"李四","sig":"/KWG6/ppV+wLVvG9u1opkZhwK/RJwk/In4OJbxhesSG56PVUUDjk9aJfzLyUheqOLv21GK0ZXDaMKi1UwAzvBg=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(34,'{"act":"stock.hand-out","at":"2026-11-18T11:07:14Z","body":{"count":1,"lot":"P1","serials":["P7"],"to":"张三"},"officer":"李四","prev":"7efef74ad7edf9ea50bad53909b53044bb093d6782da28713ef7c2f4e23240b6","seq":34,"sigs":[{"officer":"李四","sig":"HlEhaRURFAyeqdxnQeMOmI+V+LTvs8DINnDrrb7bowo69lh4IxMfc8NuBmQvW+SGVCcrduzWw83aun8nTF73BA=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(35,'{"act":"range.reserve","at":"2026-11-18T11:07:15Z","body":{"from":"310000000001","kind":"terminal","purpose":"2027","range":"T","template":"mohurd-user","to":"310000000999"},"officer":"李四","prev":"47478c6c2c71411a25fe50b3d3aa323d045415772cd2dda0a92e9cedc07c8d2b","seq":35,"sigs":[{"officer":"李四","sig":"OAhI3PR3DWe0bfNDM+kvrK2Ou5XNHTzrQS/wGuy+WHMwM1JFQTG270hrDzoAhtMJHQRGoPMn5wnL2pjKts5zAg=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(36,'{"act":"order.import","at":"2026-11-18T11:07:16Z","body":{"digest":"fe6a338d985e4a17a50f33bba57fc4be400b68826982292f304326f24597ee81","holders":"6382b3cc881412b77bfcaeed026001c00d9e3025e66c20f6e7e92f079851462a","kind":"psam","numbers":[{"from":"31000000000000000001","to":"31000000000000000001"}],"order":"psams","rows":1,"template":"mohurd-user","template_digest":"5cde0f1298f41f7d1c8b907a36992a7a513225a2615bd6e307bf1a9149b06b40","terminals":[{"from":"310000000001","range":"T","to":"310000000001"}]},"officer":"张三","prev":"6dc799e626fdac41136727b3753eaf29bb572da797bd80e5dd6e8235e8734d95","seq":36,"sigs":[{"officer":"张三","sig":"1QrsxoDahA4ZoCS4qGBGsgwdafF6P+pL2oBBnkzfIdX9cwaGi0HTHKwNaoWkJ+lJJfOUF8+qytpedOSZxDTSDQ=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(37,'{"act":"batch.new","at":"2026-11-18T11:07:17Z","body":{"batch":"P","digest":"7cdb6f6e40aef9f494d2743a34da55fc9f2d35e96a4163893caba07e06cdce2b","keys":[{"kcv":"2677F4","key":"load/1"}],"order":"psams","order_digest":"fe6a338d985e4a17a50f33bba57fc4be400b68826982292f304326f24597ee81","rows":1,"template":"mohurd-user","template_digest":"5cde0f1298f41f7d1c8b907a36992a7a513225a2615bd6e307bf1a9149b06b40"},"officer":"张三","prev":"de8701cf2b3c92990f47e00af2ef22d2089aab787ba930f6f3f55dc791376931","seq":37,"sigs":[{"officer":"张三","sig":"r4kgzR/R3/6Az1pM6qY6N3GpVlPq3oMMK+4qtb2XgjZKQwQFS3t2hMsMR0ddu2/YD2Zb02YbctfXrSo7vEoYBw=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(38,'{"act":"batch.approve","at":"2026-11-18T11:07:18Z","body":{"batch":"P","digest":"7cdb6f6e40aef9f494d2743a34da55fc9f2d35e96a4163893caba07e06cdce2b"},"officer":"李四","prev":"48a93abccaaddea17c15a3db6d1c65f5b4d37d5a90984dcf2bd28d7f1f9be72c","seq":38,"sigs":[{"officer":"李四","sig":"zm/kegyZz5oXYZUZTqnmCVZcJARv7GJXNsxC/C0boEGMD8+6SlHSdYT8Yt5eKp/L2ohVGM+8k9BwyBG175ADDw=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(39,'{"act":"batch.run","at":"2026-11-18T11:07:19Z","body":{"batch":"P","digest":"7cdb6f6e40aef9f494d2743a34da55fc9f2d35e96a4163893caba07e06cdce2b","readers":["sim:a","sim:b"]},"officer":"张三","prev":"e94080fc7e4d22d0be991234407a7e76d0e47c19617ba89aa868b6691d98914e","seq":39,"sigs":[{"officer":"张三","sig":"gcTpEvEY5nMXo7B+1tpJqtVIJpMSbU/zqqXmFopuQh6Qa5diVdXAJ/sdBLlew5ZssU787TZ4jNvNNLI9vn9VAA=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(40,'{"act":"psam.intent","at":"2026-11-18T11:07:20Z","body":{"batch":"P","chip":"P7","lot":"P1","number":"31000000000000000001","reader":"sim:1","script":"eb59ad3340eb399888b7aad8b23798a065ad1b41baa3a532d5ec4aab0b635290","template":"mohurd-user","template_digest":"5cde0f1298f41f7d1c8b907a36992a7a513225a2615bd6e307bf1a9149b06b40","terminal":"310000000001"},"officer":"张三","prev":"ce0a300ce3396aa2040ae2f9918319e7d0cba38a2d452d809146dfbbc19062dd","seq":40,"sigs":[{"officer":"张三","sig":"V0JMNgwtQCFobc/NeGtJh7mKRzubeAWUOBUzeBNRoKBmjPi9gVOA+QvNUukbmfbR7fQBpQP/P3P/TwBD9K5VCg=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(41,'{"act":"psam.outcome","at":"2026-11-18T11:07:21Z","body":{"intent":40,"number":"31000000000000000001","result":"issued","steps":26},"officer":"张三","prev":"e24901e859b41b5dd76befa37d31798617126a7a8bea55b3228183f0c0dfd814","seq":41,"sigs":[{"officer":"张三","sig":"jPzuAFzFiykV2gscIyb7HnZrNiLoplIdKAGCxkZC5BzeK+Wfgot00erHlw5WmDPXL7FwVCebpz/tH3SmkGEODA=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(42,'{"act":"card.lost","at":"2026-11-18T11:07:22Z","body":{"kind":"user","number":"3100000000000001"},"officer":"张三","prev":"b7e16e46d1df4ddc7d7cb58e5df1fe92749646140900b65cc64c899b0a729fdb","seq":42,"sigs":[{"officer":"张三","sig":"hgPQ35oj29eiYNyoIly2EUh03sJ+9WxzGNYIppR+HRet5zU1vNmPkI/UNC9/M8TDbLUV4N5rCRMAuYrz7+fHAQ=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(43,'{"act":"card.found","at":"2026-11-18T11:07:23Z","body":{"kind":"user","number":"3100000000000001"},"officer":"张三","prev":"db7bebe2c3dbe14fc371bc813188b28016f8734a99b1e2d68e0a7e86a4f69e7e","seq":43,"sigs":[{"officer":"张三","sig":"fhEofYxSG8k/J1qjLNNxoIRwfjW3WQMXnTySVd8suWjRmLOr9XgF9kt1sBO65qQtrxklRh6rZiBVoUQRr6M7DQ=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(44,'{"act":"card.lost","at":"2026-11-18T11:07:24Z","body":{"kind":"user","number":"3100000000000001"},"officer":"张三","prev":"c90da42cacce494adfd4ca8ad7eea869d43ea2ff0de530521cc444bfa301e55c","seq":44,"sigs":[{"officer":"张三","sig":"4qhOU/4b4nr2KjXj5j60Woh08uS1wpz3YlYg5SFmVoDuCdiA+S2WHNSpfq7KhXVETnrbKY0ZdSro1e8Y3/DvBw=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(45,'{"act":"card.replace","at":"2026-11-18T11:07:25Z","body":{"balance":1850,"kind":"user","new":"3100000000000002","number":"3100000000000001","source":"clearing"},"officer":"张三","prev":"8a99e7bf7f7c2d9c71a6c2709b3d24c225340c40800db544f18f6b4e6f902908","seq":45,"sigs":[{"officer":"张三","sig":"hnEvUn+xgdbYis3d7hols3GsVd3iBc0L5s38FneFQKCLsYSXjylZzWHiws3MYO/miboF+SYUGWciocc2rHUdBw=="},{"officer":"李四","sig":"Uj0F0o+/XgrCeq5ZFeGBdnS1CbH0ydSECg91KoFAUgVJkbyeuclRvHjkLbw1cfetTGHt1lBdY8qC6A2mi9WMCg=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(46,'{"act":"card.exchange","at":"2026-11-18T11:07:26Z","body":{"kind":"user","new":"3100000000000004","number":"3100000000000003","source":"none"},"officer":"张三","prev":"4ef6eff23d00669d65b604fab0c179d0d0576bc7f3afa16fb079f73a9153216b","seq":46,"sigs":[{"officer":"张三","sig":"tn7qMeFPq7gGmX9l1nwI4LI9XFkDP3F+Wzpz/PKWDAuYyHmhFTalJFBu0ESgRtOUB1/pT9qQKvlO7xdmEslNCA=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(47,'{"act":"card.return","at":"2026-11-18T11:07:27Z","body":{"balance":0,"deposit":2000,"kind":"user","number":"3100000000000004"},"officer":"张三","prev":"e6d069dc525cc61ff49b0fb51ed49c84de361cdc29b4b3ed7ec3705712a84141","seq":47,"sigs":[{"officer":"张三","sig":"YWcBl+rboI0YQ87aFaWCJOb4nDd1Q3fQ2oyESi4cTVBsvGQ3GZhANnoyLw1RyxX5Hq2ZRyjvNC36ypQITOYUCQ=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(48,'{"act":"card.extend","at":"2026-11-18T11:07:28Z","body":{"kind":"user","number":"3100000000000005","until":"20401231"},"officer":"张三","prev":"ff6aa4c864b166022bb3c3fac09e044acb89a9add74ee0490adbcade59e674af","seq":48,"sigs":[{"officer":"张三","sig":"p2ctv2c5jqSiA2w7NZPhqTO0722L7PfY6A7TjxXHdaE9++ylGojW0cNgUU1JM9JvNNT36Jzsv/9vMNm6JEBvCA=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(49,'{"act":"card.done","at":"2026-11-18T11:07:29Z","body":{"intent":48,"kind":"user","number":"3100000000000005","result":"done"},"officer":"张三","prev":"8403e30f23aeb90598431f5ae2e7a90c9621206016a6a03a9777f27397bc7a2e","seq":49,"sigs":[{"officer":"张三","sig":"Uprhw/cbmLvHtjLAjncimOzuMtSuR4H2S9p34VW9Ay+nU5tB6sKyHSW2Zbk943Fo3vXyqLzJElBQkHISOBg6DQ=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(50,'{"act":"card.block","at":"2026-11-18T11:07:30Z","body":{"kind":"user","number":"3100000000000005"},"officer":"张三","prev":"fec1df6e79716a9f64c941e8facb814a4fffeb0e54e87eca34ed110efaae95d2","seq":50,"sigs":[{"officer":"张三","sig":"2y1TbNgFhs5Wl2c1mk9JipKZ+1U3kEqGtR+C57pdGbJ2oVSsWMWIGsmBtPBo2uh1yOascaw798jFM8iSH3F4CQ=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(51,'{"act":"card.done","at":"2026-11-18T11:07:31Z","body":{"intent":50,"kind":"user","number":"3100000000000005","result":"done"},"officer":"张三","prev":"27f379d4f3b4425ca9d6be91c3d79771e63485296eef8294379235c164e1984e","seq":51,"sigs":[{"officer":"张三","sig":"5Q2M31SalljaLbbv5ypQZvwAxRx9LlygOaxEIrwlznEXgdHTDOgyYX7XeeL8ipOUTYlzhGUdA6tedBusmPZeDg=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(52,'{"act":"card.unblock","at":"2026-11-18T11:07:32Z","body":{"kind":"user","number":"3100000000000005"},"officer":"张三","prev":"d2416ffc415e4b8a3bd62f92e728a592efd1777725d68bb8390ba66e895ae57a","seq":52,"sigs":[{"officer":"张三","sig":"0xbpwksHa+WjTgHno61SF6g4I24YnCxqb35bcl+BTet6jdD3SmtWYdK8hMEU8JWTJ7fDBsX0b0HDBpUQrrofDg=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(53,'{"act":"card.done","at":"2026-11-18T11:07:33Z","body":{"intent":52,"kind":"user","number":"3100000000000005","result":"done"},"officer":"张三","prev":"08a0f1ea13d31ae10f87f299d63e63984b3c330beb20e337affd7f8d97a95e8e","seq":53,"sigs":[{"officer":"张三","sig":"ThWTcy4qj9xbHnwajYSExOxRFDHjHIWD4l3TQQRhyd8NCZRjwdu+IWlUBzhikFwEKhyoL+VyqfAxN98+zVcACg=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(54,'{"act":"pin.unblock","at":"2026-11-18T11:07:34Z","body":{"kind":"user","number":"3100000000000005"},"officer":"张三","prev":"41eb09346c535958e79cb87a8f56db15d1ba4a9566d3b9c54c9fc6e3ff7b2059","seq":54,"sigs":[{"officer":"张三","sig":"RFe6c0KnwA/7MzCExeGiL+AwOfjB759vmMwcmvkx/no07spBplUA46BMD7sKuBevUA7CX3u4gT+KMr4hEtmjCQ=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(55,'{"act":"card.done","at":"2026-11-18T11:07:35Z","body":{"intent":54,"kind":"user","number":"3100000000000005","result":"done"},"officer":"张三","prev":"946ed7aaab59ac1f15db3416e05068efb21ecec56268f84b29b6824d1cdf0423","seq":55,"sigs":[{"officer":"张三","sig":"mwxrqNfXm5Hta67m+4xLEK+F03z3DlmRNRM3qJid4uJVD8qNa6vertczI9Z0/U1v6YPZEoWABB/wFEKHkusjDA=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(56,'{"act":"pin.reload","at":"2026-11-18T11:07:36Z","body":{"kind":"user","number":"3100000000000005"},"officer":"张三","prev":"b20fdc247b04b603739db2bfa0f3952593e0874335864ea9e6261ebaf817042a","seq":56,"sigs":[{"officer":"张三","sig":"Y8Nes1cJ1IVZgCfOptus3nqiahDcA73Uz3e0LoHKLYPYcd5zIcKRsVcS2teBiaRA2eWOBxTco7v0cAM9T78RBA=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(57,'{"act":"card.done","at":"2026-11-18T11:07:37Z","body":{"intent":56,"kind":"user","number":"3100000000000005","result":"done"},"officer":"张三","prev":"c0df0c370af6061194e1e4ba12e170ecafe98f4794f71fd6c71ef2e5ce1e51b7","seq":57,"sigs":[{"officer":"张三","sig":"3OummyS47dDeBiWEPidcd91JIZ7DbWAC2Ffthc9KMjmVI0bTfVpxRlrChkm3nL0E1jeq1iE3HvPpCWw86XS5Cg=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(58,'{"act":"purse.load","at":"2026-11-18T11:07:38Z","body":{"amount":5000,"balance":5000,"counter":1,"datetime":"20261121012634","number":"3100000000000005","tac":"0A1B2C3D","terminal":"310000000001","type":"02"},"officer":"张三","prev":"4e19962b1166d20d46f75d46233d78d5a3ab6295d3287e1053afc6bb3b8471b5","seq":58,"sigs":[{"officer":"张三","sig":"zEaJCdfzvmILKhM1I8MPo8aXLc+aT6ludwb2M3iFjGb7+X2Oo/xiQHYCr1yBQkBU8sHPuoeuVzTaMhQZeN7hDQ=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(59,'{"act":"card.cancel","at":"2026-11-18T11:07:39Z","body":{"kind":"user","number":"3100000000000005"},"officer":"张三","prev":"8ce3e23113d16db6502466647435117a5495c79e88b7b12e6ebda4a0762fc31a","seq":59,"sigs":[{"officer":"张三","sig":"TKOFkTtwzzRl7mq9Ykel2wklhgzboZWGWjZJU5FFcMG0GCbSk7VS7UkvlF8Iubhak015OAf0Su0WCEuAHdr8AQ=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(60,'{"act":"blacklist.add","at":"2026-11-18T11:07:40Z","body":{"from":"3100000000000001","kind":"user","reason":"lost","to":"3100000000000001","until":"20351231"},"officer":"张三","prev":"27e73c808155051277c4c3445609cfb1957a9d681aff72262b63786fe14f7e65","seq":60,"sigs":[{"officer":"张三","sig":"o7rQ9B+XdBVwRFUqJoo+BE2w+etEtaR4xX4MTVI/aa68GMTphLuya05Qxax8GUltrys0HjAI0QIrtaFKEJi6BA=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(61,'{"act":"blacklist.publish","at":"2026-11-18T11:07:41Z","body":{"count":1,"date":"20261118","digest":"ee8322ada4af531910b4d21faba6ac16ea0dfac35014da1e33d72b9d70f98f89","form":"full","sequence":1},"officer":"李四","prev":"0457b0fac85bc9f0f8849eb7959092002d8692dea9af5610d68462d8c45793aa","seq":61,"sigs":[{"officer":"李四","sig":"uX4xnaruYPXNlYgTVrCT+GzPKl7Z5AI1DDRni5QIv11yIWrFG/sopaRoa2mUnTWYqowVQUvAsorkP7GVFnivAg=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(62,'{"act":"blacklist.confirm","at":"2026-11-18T11:07:42Z","body":{"by":"公交公司","sequence":1},"officer":"张三","prev":"cebbec1ccacae9628ed85aadcd738f341614c75dad854ae7ddced0e26f1b41ae","seq":62,"sigs":[{"officer":"张三","sig":"s96Y3XGuBAsNQChYCVHSGrCJ5hOR3a9uiJv7z2taM7wHWtrzeTJaqPzCe6wTVomnP+2fI1hIzhs019khL1NuBg=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(63,'{"act":"blacklist.remove","at":"2026-11-18T11:07:43Z","body":{"from":"3100000000000001","kind":"user","reason":"found","to":"3100000000000001"},"officer":"李四","prev":"dd442b01b9cc47d552b86e5f3b93410c2a85c7feab705cffd7190915e4328e4e","seq":63,"sigs":[{"officer":"李四","sig":"DiXbT/mpI9+Ma4yuDC1Pb65fXPdM+KnspwSy/+vu3sCA94nuaB8eTl1x8laenWZZ5iMn2dIDuj5KVvWH2VBaAA=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(64,'{"act":"blacklist.publish","at":"2026-11-18T11:07:44Z","body":{"base":1,"count":1,"date":"20261118","digest":"ee8322ada4af531910b4d21faba6ac16ea0dfac35014da1e33d72b9d70f98f89","form":"delta","sequence":2},"officer":"李四","prev":"5a56dc86b2f4f1a097f5c39428a9d646dc99cbbe88b9499a23557ca026bc5a36","seq":64,"sigs":[{"officer":"李四","sig":"iueNwi1jedwvmRj/OPn0kZAOBmSOEHhLkjijZ4Rtz5JQ+MQ4SZbplN2aUS+aUmvf/JwpUChH2Oh0+fHlfmiBBQ=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(65,'{"act":"secret.draw","at":"2026-11-18T11:07:45Z","body":{"kcv":"4AB599","secret":"holders","version":1},"officer":"张三","prev":"a908acd1e24276987b1e13ec1fe3364db752faa01d7bc3554fe2845c3e0a5ea7","seq":65,"sigs":[{"officer":"张三","sig":"L1HTwJDlxMf4hXbHhbsokOSIbZYVmTcctvlX817jpF9NUbu4V2A5yFBFU+ILQxo5OH9RvtPOEpF3XDpdVE/rBQ=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(66,'{"act":"secret.draw","at":"2026-11-18T11:07:46Z","body":{"kcv":"4AB599","secret":"pins","version":1},"officer":"张三","prev":"c5c73fb53fcd92d621b326ad39ed5bb935d3077ca7f3a1023b0450f207b21579","seq":66,"sigs":[{"officer":"张三","sig":"X1dExfoH04ilKzDEIN8N+dl19v+rknZam7zAlNJ1ex1Hm35POSntJ+lt1peZJ9VUoBnAX8cRDO/eyY5kwr7hAw=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(67,'{"act":"secret.draw","at":"2026-11-18T11:07:47Z","body":{"kcv":"4AB599","reason":"after erasures","secret":"holders","version":2},"officer":"张三","prev":"8fa4f2b20075cdc33d6ab18802dcb0468d2cd3ddd553eb1ed3a6a0e82c6e3af7","seq":67,"sigs":[{"officer":"张三","sig":"sO6Yla1F5LizPpvFhDIHRyMmQ8utOouyyxuL+nmtl2wCHdfKUQMpMVMGdhmnZ3As3CmGrxR7Odfc/e3mKB9ZDg=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(68,'{"act":"holder.show","at":"2026-11-18T11:07:48Z","body":{"number":"3100000000000001","order":"one","reason":"the holder asks"},"officer":"李四","prev":"e6d1e64cf19c4c87a14d6f4f9d9a66fe889552efdb5189aaba9fd41a3815fb0a","seq":68,"sigs":[{"officer":"李四","sig":"l5+fQ/SCTtws17P/82IO5rwT5gIXBfNMKYRGD4nIW+73e8RFHiNrOOvEHkmPql+HARsHrO3DFcnYtIL+G8L8BA=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(69,'{"act":"holders.erase","at":"2026-11-18T11:07:49Z","body":{"number":"3100000000000001","order":"one","reason":"asked for"},"officer":"张三","prev":"a42adc5f04b1cb2ce3b175f7d9ec0f18e9d112d933c603e5fc9775bf026743f9","seq":69,"sigs":[{"officer":"张三","sig":"yFDJmQpJa2Y01DmHPGbwFy5gk9Gzn8bnVw9HNBC72yCwoMqbTyqpOnzJd24FXhizwwrAgFIp7OisDhgH53FOBg=="},{"officer":"李四","sig":"sc8Qsv3Enh0IgFBNp91lFRrDahQNeRWbMqR5bUuoHIrAa9/V/aCP3SF6LV7071ontSKoO3fOWJchMsfR9OUcDA=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(70,'{"act":"order.import","at":"2026-11-18T11:07:50Z","body":{"digest":"3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3","kind":"user","numbers":[{"from":"3100000000000011","range":"31","to":"3100000000000012"}],"order":"two","rows":2,"template":"mohurd-user","template_digest":"5cde0f1298f41f7d1c8b907a36992a7a513225a2615bd6e307bf1a9149b06b40"},"officer":"张三","prev":"90c3172b9f54214de751cc36a12af5cfe7a3bee2240022f48b14a7d7388b898f","seq":70,"sigs":[{"officer":"张三","sig":"ACGqfDpvpYCtbEQ5w2dF4WzOUUjxRPCmfS5enPdSTCSe/y9FphovHnmQEBCT+7iiynHOkxixO5dUGJsgqD5IAw=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(71,'{"act":"order.withdraw","at":"2026-11-18T11:07:51Z","body":{"order":"two","reason":"wrong file"},"officer":"李四","prev":"dd70a35c64b0b7ebab546da166c71825360022e9185c16ffadd523d65b75bab5","seq":71,"sigs":[{"officer":"李四","sig":"V4SHvu95ay0PhhlBWj0ziNxxf+MwRUMRtU4lLdrKiXBdb9jKs1Gij56NxGbyIW2GhMRryzThncBMUZZSsF1mBg=="}],"site":"city-3100","v":1}');
INSERT INTO entries VALUES(72,'{"act":"order.import","at":"2026-11-18T11:07:52Z","body":{"digest":"8b5b9db0c13db24256c829aa364aa90c6d2eba318b9232a4ab9313b954d3555f","kind":"user","numbers":[{"from":"3100000000000011","range":"31","to":"3100000000000011"}],"order":"three","rows":1,"template":"mohurd-user","template_digest":"5cde0f1298f41f7d1c8b907a36992a7a513225a2615bd6e307bf1a9149b06b40"},"officer":"张三","prev":"610926d8d2189574e7a0eaa706ad88f8243f356fb040c142c8552df25b26e559","seq":72,"sigs":[{"officer":"张三","sig":"IAGTxGXSFtE8O+DZRirHafaT+K54dE9ebplmJNYEaO3WA47rBxeuKYmfIIguFJCTYfvg3NTIoI/rEngfg+ixDQ=="}],"site":"city-3100","v":1}');
CREATE TABLE nodes (
    level INTEGER NOT NULL CHECK (level BETWEEN 0 AND 63),
    idx   INTEGER NOT NULL CHECK (idx >= 0),
    hash  BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (level, idx)
) STRICT, WITHOUT ROWID;
INSERT INTO nodes VALUES(0,0,X'7ab9f7d69d24bef3bb432c68459d0a79a7f4c326b72265e43b48596311e98fa4');
INSERT INTO nodes VALUES(0,1,X'12471c3c39cb348e3bc02947e0f762efc280334a7bd927d6c52d232b378c66b0');
INSERT INTO nodes VALUES(0,2,X'326e3028c30030fc7b0121dfc739f3376dc454f0ac1189e180de9dc7bad73f10');
INSERT INTO nodes VALUES(0,3,X'098b40752388089467bb22e8d8a892911601c9dab77ab5e1623b44a0122b1fb8');
INSERT INTO nodes VALUES(0,4,X'aa00588b7da2dcabfbdc0e35b32e60a5c210eb67f63b69ac46c22f239541c663');
INSERT INTO nodes VALUES(0,5,X'40044317076700c30cb4061fc74af94d7a0eb377a45ba8b976e8b98af5fbb25f');
INSERT INTO nodes VALUES(0,6,X'3fe0e89fe5e68ddb6cdfb20629028110ea798e9dc929d8526740ba8eb79ba5b2');
INSERT INTO nodes VALUES(0,7,X'f51d2cd045d5f1de03204cb739b03cf91f2cd9714f1c625cda32a4ca2b2d2ee3');
INSERT INTO nodes VALUES(0,8,X'cf689b6ce3df756c442a581614b796104e7d52382ff66713f1a4631255ae92dc');
INSERT INTO nodes VALUES(0,9,X'55567da5b8fb620bf9e509ae9693709655a36de7565fabeaa4ad11451c837a23');
INSERT INTO nodes VALUES(0,10,X'006d126fb68fec50496232240b6a68b207fbfe1536da41ae6780970fc6e4f2ff');
INSERT INTO nodes VALUES(0,11,X'1735ceef72ba049c73a6ebe6a5afd74b337b58325f5b354dda8c24161714845d');
INSERT INTO nodes VALUES(0,12,X'd03b56d65962718dd110fe6edbded62faa6a5c47194e5053c479d4a612d96d68');
INSERT INTO nodes VALUES(0,13,X'8690906150ce5dc50ddc03c45b6415ebdea7a7e04bcfb7d1e9d235b6ad59f5e3');
INSERT INTO nodes VALUES(0,14,X'd734c7f389785d73aee444379e5fe966f920c7557a858262b694f4c3bb8e2b0c');
INSERT INTO nodes VALUES(0,15,X'0a211323a894f467a0e9dce234a225c7052bccb46817604d60ea5f42c3afa641');
INSERT INTO nodes VALUES(0,16,X'53c1321ff86542d6f817b074a60b1f61261e667e3902cf3f28bc3e71a7205ff2');
INSERT INTO nodes VALUES(0,17,X'494f0e164caf4ae654a65a3c6313b139c1eb58e78385a9817b872309b4c40ca7');
INSERT INTO nodes VALUES(0,18,X'8fdb273582b6f3c0163b444de4742980cafd1cc6eb81ddc3cab3bfd8eac0ae50');
INSERT INTO nodes VALUES(0,19,X'69f9997b8b1047cfae52704a0c69890ccf02f97b8e9e4a35d87cfe05f014a7ce');
INSERT INTO nodes VALUES(0,20,X'e95b947858ef8bc258ffb8fd4deefea0228d356916e3fb77f5c4406fd6217c46');
INSERT INTO nodes VALUES(0,21,X'f832667fb4336815b8e28cb4b08ce918b90fb2557140b384c2f8bd789e82b37d');
INSERT INTO nodes VALUES(0,22,X'331b1abf9eabdfa3c3190c4aa0521de3655bc8aacec2f0479d42470f90b8ad86');
INSERT INTO nodes VALUES(0,23,X'dc270b91448d9062894d41345b05afc362598b7d3cd2c10c97319cdc9e4540fb');
INSERT INTO nodes VALUES(0,24,X'87dd5538bb97a455091f72b03eae4ac7106110d26b6c0367ae274972e654353d');
INSERT INTO nodes VALUES(0,25,X'c59dcb4e8676390c8ff3c968166c77af234fde5b6b3fa82c52cd01618aba9c28');
INSERT INTO nodes VALUES(0,26,X'bafe3a696f6716dbbc0cd9b622778d67d043cb1d1bcc49e6d3865c0384b63b42');
INSERT INTO nodes VALUES(0,27,X'5ff38fc1d02fd574eed731e90ac62ab16d7ec9ad9d6c01986a805390b44c9118');
INSERT INTO nodes VALUES(0,28,X'703e018c5028d7418e265fc0d4de7b1aa815aab6be7524a1e47beb1aac5ae904');
INSERT INTO nodes VALUES(0,29,X'd2e92e41ce994f360cdacc57845715ba725acecf39e91adaab1dbade1279ba62');
INSERT INTO nodes VALUES(0,30,X'2cc89c14c0b235164853029200b5bee5a5d01eb177854477668cca47c22f0a62');
INSERT INTO nodes VALUES(0,31,X'bc4dff722efbfa2ff946122df7e388adb7e88c9b771b23c9a5b5f96cf8a1ff6e');
INSERT INTO nodes VALUES(0,32,X'4b431701bc6ef4f276f2a72d5c9bbf9abac8e7365ebf45f6b75da1d31e7bcf1b');
INSERT INTO nodes VALUES(0,33,X'7efef74ad7edf9ea50bad53909b53044bb093d6782da28713ef7c2f4e23240b6');
INSERT INTO nodes VALUES(0,34,X'47478c6c2c71411a25fe50b3d3aa323d045415772cd2dda0a92e9cedc07c8d2b');
INSERT INTO nodes VALUES(0,35,X'6dc799e626fdac41136727b3753eaf29bb572da797bd80e5dd6e8235e8734d95');
INSERT INTO nodes VALUES(0,36,X'de8701cf2b3c92990f47e00af2ef22d2089aab787ba930f6f3f55dc791376931');
INSERT INTO nodes VALUES(0,37,X'48a93abccaaddea17c15a3db6d1c65f5b4d37d5a90984dcf2bd28d7f1f9be72c');
INSERT INTO nodes VALUES(0,38,X'e94080fc7e4d22d0be991234407a7e76d0e47c19617ba89aa868b6691d98914e');
INSERT INTO nodes VALUES(0,39,X'ce0a300ce3396aa2040ae2f9918319e7d0cba38a2d452d809146dfbbc19062dd');
INSERT INTO nodes VALUES(0,40,X'e24901e859b41b5dd76befa37d31798617126a7a8bea55b3228183f0c0dfd814');
INSERT INTO nodes VALUES(0,41,X'b7e16e46d1df4ddc7d7cb58e5df1fe92749646140900b65cc64c899b0a729fdb');
INSERT INTO nodes VALUES(0,42,X'db7bebe2c3dbe14fc371bc813188b28016f8734a99b1e2d68e0a7e86a4f69e7e');
INSERT INTO nodes VALUES(0,43,X'c90da42cacce494adfd4ca8ad7eea869d43ea2ff0de530521cc444bfa301e55c');
INSERT INTO nodes VALUES(0,44,X'8a99e7bf7f7c2d9c71a6c2709b3d24c225340c40800db544f18f6b4e6f902908');
INSERT INTO nodes VALUES(0,45,X'4ef6eff23d00669d65b604fab0c179d0d0576bc7f3afa16fb079f73a9153216b');
INSERT INTO nodes VALUES(0,46,X'e6d069dc525cc61ff49b0fb51ed49c84de361cdc29b4b3ed7ec3705712a84141');
INSERT INTO nodes VALUES(0,47,X'ff6aa4c864b166022bb3c3fac09e044acb89a9add74ee0490adbcade59e674af');
INSERT INTO nodes VALUES(0,48,X'8403e30f23aeb90598431f5ae2e7a90c9621206016a6a03a9777f27397bc7a2e');
INSERT INTO nodes VALUES(0,49,X'fec1df6e79716a9f64c941e8facb814a4fffeb0e54e87eca34ed110efaae95d2');
INSERT INTO nodes VALUES(0,50,X'27f379d4f3b4425ca9d6be91c3d79771e63485296eef8294379235c164e1984e');
INSERT INTO nodes VALUES(0,51,X'd2416ffc415e4b8a3bd62f92e728a592efd1777725d68bb8390ba66e895ae57a');
INSERT INTO nodes VALUES(0,52,X'08a0f1ea13d31ae10f87f299d63e63984b3c330beb20e337affd7f8d97a95e8e');
INSERT INTO nodes VALUES(0,53,X'41eb09346c535958e79cb87a8f56db15d1ba4a9566d3b9c54c9fc6e3ff7b2059');
INSERT INTO nodes VALUES(0,54,X'946ed7aaab59ac1f15db3416e05068efb21ecec56268f84b29b6824d1cdf0423');
INSERT INTO nodes VALUES(0,55,X'b20fdc247b04b603739db2bfa0f3952593e0874335864ea9e6261ebaf817042a');
INSERT INTO nodes VALUES(0,56,X'c0df0c370af6061194e1e4ba12e170ecafe98f4794f71fd6c71ef2e5ce1e51b7');
INSERT INTO nodes VALUES(0,57,X'4e19962b1166d20d46f75d46233d78d5a3ab6295d3287e1053afc6bb3b8471b5');
INSERT INTO nodes VALUES(0,58,X'8ce3e23113d16db6502466647435117a5495c79e88b7b12e6ebda4a0762fc31a');
INSERT INTO nodes VALUES(0,59,X'27e73c808155051277c4c3445609cfb1957a9d681aff72262b63786fe14f7e65');
INSERT INTO nodes VALUES(0,60,X'0457b0fac85bc9f0f8849eb7959092002d8692dea9af5610d68462d8c45793aa');
INSERT INTO nodes VALUES(0,61,X'cebbec1ccacae9628ed85aadcd738f341614c75dad854ae7ddced0e26f1b41ae');
INSERT INTO nodes VALUES(0,62,X'dd442b01b9cc47d552b86e5f3b93410c2a85c7feab705cffd7190915e4328e4e');
INSERT INTO nodes VALUES(0,63,X'5a56dc86b2f4f1a097f5c39428a9d646dc99cbbe88b9499a23557ca026bc5a36');
INSERT INTO nodes VALUES(0,64,X'a908acd1e24276987b1e13ec1fe3364db752faa01d7bc3554fe2845c3e0a5ea7');
INSERT INTO nodes VALUES(0,65,X'c5c73fb53fcd92d621b326ad39ed5bb935d3077ca7f3a1023b0450f207b21579');
INSERT INTO nodes VALUES(0,66,X'8fa4f2b20075cdc33d6ab18802dcb0468d2cd3ddd553eb1ed3a6a0e82c6e3af7');
INSERT INTO nodes VALUES(0,67,X'e6d1e64cf19c4c87a14d6f4f9d9a66fe889552efdb5189aaba9fd41a3815fb0a');
INSERT INTO nodes VALUES(0,68,X'a42adc5f04b1cb2ce3b175f7d9ec0f18e9d112d933c603e5fc9775bf026743f9');
INSERT INTO nodes VALUES(0,69,X'90c3172b9f54214de751cc36a12af5cfe7a3bee2240022f48b14a7d7388b898f');
INSERT INTO nodes VALUES(0,70,X'dd70a35c64b0b7ebab546da166c71825360022e9185c16ffadd523d65b75bab5');
INSERT INTO nodes VALUES(0,71,X'610926d8d2189574e7a0eaa706ad88f8243f356fb040c142c8552df25b26e559');
INSERT INTO nodes VALUES(0,72,X'e7dff20e8bbe2769ff84f8a74bce1f49e79ca65c8ef99e2bda299edd9c335412');
INSERT INTO nodes VALUES(1,0,X'73598539b0b8a64b7ab1d3bbc799be9b64dc442a182e9fcefff639d8d0b5b1a3');
INSERT INTO nodes VALUES(1,1,X'14c8389c2f27f6a1a09096d32567151fefc5addfdf09a042c849fe1a911dd2b9');
INSERT INTO nodes VALUES(1,2,X'9f3ea34b73299392b02d72ccde2415faebdca4f0bb3568497f2e9831b759a04b');
INSERT INTO nodes VALUES(1,3,X'4e4fb4454ed1d752141623f42ca9eedaa29e6f1b3838356723554a296c8e9855');
INSERT INTO nodes VALUES(1,4,X'63e0d6c56c9423f5e47698657354c1f893856784cccc7a9c227afcad046bf315');
INSERT INTO nodes VALUES(1,5,X'f23ea0598c984ade246bde911385e12815bfd9e57210c8180ca9e22334228257');
INSERT INTO nodes VALUES(1,6,X'c721821a6d72550bb7b836aa7ef1381992d94fb1236e99050832fb9ee4382789');
INSERT INTO nodes VALUES(1,7,X'78c4f2127a4448d950a262251cf02401c32c9e267bf519c684c8e75e10c9e68d');
INSERT INTO nodes VALUES(1,8,X'8a66ecfb7c858135e2b6f2187c8bb366fcaf853bc0af7182c274294db25e7b7a');
INSERT INTO nodes VALUES(1,9,X'0d8db4e59a0d0abd0a77929c76911b5a053e858f51820229a722f3822f4bdacf');
INSERT INTO nodes VALUES(1,10,X'333b65a94aeaae3fe371199755336617281d5161ae3164dcdef495031810a584');
INSERT INTO nodes VALUES(1,11,X'96c160329fb41740164a945f892db8b2d5b6313324242e3437dcf86f97a5a9b7');
INSERT INTO nodes VALUES(1,12,X'f360ba4b53dcb4734026e23c5d2233ad9d5f35370c42f59ade496f6f4fac0aa5');
INSERT INTO nodes VALUES(1,13,X'b2ed23b33bdee67f52fcc92f7f37e64fba02cc0c971fdeb8d267d615d7b9b974');
INSERT INTO nodes VALUES(1,14,X'690c2435ac934d3967194243f0c8c1390793c8a937a71052c6fba3aebb787b9a');
INSERT INTO nodes VALUES(1,15,X'086f92062a357ec90509c5735b6a325c8e8b82b692670e25c4db97232b4662d1');
INSERT INTO nodes VALUES(1,16,X'1de6e651bd3377903d4fba06c984abdca77982a9f2e15c844b82f9c00f6ce0d0');
INSERT INTO nodes VALUES(1,17,X'4d4af90b18d17e3a549901751aa8e034d1cb275591bcb5f83a8e33f002c92c66');
INSERT INTO nodes VALUES(1,18,X'75d03bd3c58ff78b2000a9b3c5b9f5479ac96e1b657e5a41474adb1407c6dc75');
INSERT INTO nodes VALUES(1,19,X'653bb48bda948c7e8e35848b7af40fd5ad288092b42e1a25161176f162d6bb1f');
INSERT INTO nodes VALUES(1,20,X'030394c011fd7930aa7674355b6bcaae2e2f39672a09ed746ba4554413055478');
INSERT INTO nodes VALUES(1,21,X'e20b6529587cc318e5946debbdc0efe3c317930eb8b1ff67ec6ba45984a3624d');
INSERT INTO nodes VALUES(1,22,X'8e6451a990012bede0e28d87c32964d88e25b2936d48e03fd17d0b38e883cf9c');
INSERT INTO nodes VALUES(1,23,X'1c5db1862c0fac149a2ddb7c343a7b51b675bf3465c980665435ef43fc941854');
INSERT INTO nodes VALUES(1,24,X'fbaac44737bde72cf7f3b6242887d16ef6c2b449774bec4b4eb6059c6d4cd314');
INSERT INTO nodes VALUES(1,25,X'4eaa825cb9ed15dd3a7e6146b979381ed3d4cd497ed5d5d8b595bbd685e6c5c5');
INSERT INTO nodes VALUES(1,26,X'ddcdda8d13d306ed38a648d9092a911f721ecd9536e654d823032e8f9d91186d');
INSERT INTO nodes VALUES(1,27,X'89a6123ddb1bf9195cee8447edb6e3e25bb5b005cb8f70f789ad0bcdf1c305e1');
INSERT INTO nodes VALUES(1,28,X'0249c8bb92afe79ab5b27cd16148155b0230bc12fd0094c2a5534efad94b79ed');
INSERT INTO nodes VALUES(1,29,X'ab109aa6141416a0bd755863da34e46aaffaa0c7edd547c907314cccf9f2412f');
INSERT INTO nodes VALUES(1,30,X'91c142f99c139885d4f21754734f393f0f37932cb72173fe9243aea328df0417');
INSERT INTO nodes VALUES(1,31,X'4f083dd9d1e575240205015d605067a7ec3223a2ae85fe9212a1ce55fbc8f337');
INSERT INTO nodes VALUES(1,32,X'c5c714bd57c188f13f61406231c98c3b31dc6c03a85fc6c2b4a545f7af95a18a');
INSERT INTO nodes VALUES(1,33,X'6ae41cec18f57b32bebf6cdc2536cc3595704403fbabade58aa0c4a2ad4f7efe');
INSERT INTO nodes VALUES(1,34,X'7dc73a867dda31d8b0456be575dc3a1ae846fed4d4463592689d238ad7801ed3');
INSERT INTO nodes VALUES(1,35,X'bff789aea9aa35a1aadeedaed5ac458157a3e2c98896ac3b15a588d397d1711c');
INSERT INTO nodes VALUES(2,0,X'ce10e27a06cdef745faeb2437d1d896908e8586cafb74f81f20e218ad1133019');
INSERT INTO nodes VALUES(2,1,X'd4dc2cbc757cdaeb53394470a9d27518e00a7376e77d23f5a660c7e1b1ee5e7f');
INSERT INTO nodes VALUES(2,2,X'87f8e6b910a0d44fcd10a6da407419239a52a84e47f195f9af5dbefdcb86196b');
INSERT INTO nodes VALUES(2,3,X'88fbf6724dbf4a05e1fb0f22dabc42d9b5e870a4fe9d6e752e1a533811f0cadb');
INSERT INTO nodes VALUES(2,4,X'bea614d691667d9d8257bd10d696c962f4184014c1f7ef309f4cd6136cfd132d');
INSERT INTO nodes VALUES(2,5,X'c7f1f473f60de8ac2bc72ee12f5ff9d8c6d38427febda50876ae30626293c346');
INSERT INTO nodes VALUES(2,6,X'a1080052e761504ac230a91323bde12a4ed18f8f377d5693f565351ccf2996f3');
INSERT INTO nodes VALUES(2,7,X'5720174804f32b231349f4d95b8a27022a9159621928ec38f2669190727c2e1c');
INSERT INTO nodes VALUES(2,8,X'6c14c679ee8dd872b435a2b97f1af7392f8479d54fa718afb944f99cdc6c2cc7');
INSERT INTO nodes VALUES(2,9,X'7b6d1b87f657e1e1eaf9c1b4e5fbb5d1c48b911b075d15c9ef68e57fb32138a8');
INSERT INTO nodes VALUES(2,10,X'd26f08f1b957e408fb25365399dc458ed1aa0a6bca4644ad457b1effd5c2716c');
INSERT INTO nodes VALUES(2,11,X'6f6a0b82bcd53f5fb3f9392324b7d2c359df66be79994968965c31f11be01856');
INSERT INTO nodes VALUES(2,12,X'1d79d74713e2520e82e91dde5a4f02d28562657efa1f7079d4f0a93615d37f36');
INSERT INTO nodes VALUES(2,13,X'6d1b2e266dd866087c91761d69cf21927a0933ed23f80569bb0b3bd41058d9a4');
INSERT INTO nodes VALUES(2,14,X'dcdff618f3c383feb2120669eb4ae52883ebcdce5a765ea5fe8ea5a82ca6509c');
INSERT INTO nodes VALUES(2,15,X'd3f600b046a23faece23292d9e72e03c3753896ea855fd4b8ccde5a584a8b95b');
INSERT INTO nodes VALUES(2,16,X'243d1f07510cf180b1862ff9ef12934de5fbe76a58868923d161748bf4245a8c');
INSERT INTO nodes VALUES(2,17,X'0d984d44875817df49607c6c11d07aed0a4f7687f6a6e9f9335c29b967886f72');
INSERT INTO nodes VALUES(3,0,X'4f2b743eb7ce0f02dece3d6667023d5e4b055fa6c7ef2b5eed99ba008f2ae249');
INSERT INTO nodes VALUES(3,1,X'bf01f5d5cf9d1883ecb8349ac25b3e03c9b15179f2d3ad7fe0eb77e87476daad');
INSERT INTO nodes VALUES(3,2,X'8a56c87cf1f47681fa1d4c20d28a6f534279c701f2f87e3fdc3d0929ef730c6a');
INSERT INTO nodes VALUES(3,3,X'b766c02131d214b2da5b94b99f449652a94f411e7d398c0898c503cbc383f819');
INSERT INTO nodes VALUES(3,4,X'd448005478959296dffa0356061eb36595535ef3815bdd658e62fa6b24c9c7a5');
INSERT INTO nodes VALUES(3,5,X'68a5d1b55e35d60a5e0f5668e134131446397043507d5519be38cb1d5fe9f30e');
INSERT INTO nodes VALUES(3,6,X'd3699ef5a5546b1b74a03dbe9c1268178bbab04fa636dd788f052cadd5b9fb93');
INSERT INTO nodes VALUES(3,7,X'6df48cec84e5b2a19c0a1c137497e7af72eccb9d4a9848bc4cb37479bb6a0927');
INSERT INTO nodes VALUES(3,8,X'ed402b17bee8657528e81aeaaa9f4d732571017fd5b702498aebe8960b89028f');
INSERT INTO nodes VALUES(4,0,X'fe1bd73566f0832716c723fae989669b3dc18f7c88bc623e10cd3b99f4ebe100');
INSERT INTO nodes VALUES(4,1,X'a45da7b7d523af8cdeb67c420f65021495034adb910264d02aa3604ada956ba4');
INSERT INTO nodes VALUES(4,2,X'66dd028733803a93a105a024da2994a11b2c3437e8d1faf929be75f897e3674a');
INSERT INTO nodes VALUES(4,3,X'953e3e67050d3cf5e28db4c6a1ea7b99f8c79b4c67c4bb28c7199b274e769dac');
INSERT INTO nodes VALUES(5,0,X'cbcf358a2b63272a4a92d12f8568d2ef337a104e27fbbc2a9e38b8fe7a14d61a');
INSERT INTO nodes VALUES(5,1,X'999b3de5927fd929cc93f2865967e4d4e148ba28fc5153ac4f1a0962cd79e58e');
INSERT INTO nodes VALUES(6,0,X'90bde75f29eaf74662e86befab7f4a4af5c3911fe65069ae42bfa0c6c9df6522');
CREATE TABLE checkpoint (
    one  INTEGER PRIMARY KEY CHECK (one = 0),
    size INTEGER NOT NULL,
    note TEXT NOT NULL
) STRICT;
INSERT INTO checkpoint VALUES(0,73,replace('cardmint/city-3100\n73\nubAExI7jBxpJNeerVs5jflWmHvwwjwyGGVk1oa9SqeY=\n\n— cardmint/city-3100 99erJQLngSHxXTsHBekgl5v/vnE5dkrtu4+2nDDTNDCzWh55punOWGka2l+oA0OIbcz5vy6OVCAF5yuL4hnQFkvmfwo=\n','\n',char(10)));
CREATE TABLE refused_clock (
    one      INTEGER PRIMARY KEY CHECK (one = 0),
    earliest TEXT NOT NULL,
    attempts INTEGER NOT NULL
) STRICT;
CREATE TABLE officers (
    name     TEXT PRIMARY KEY,
    key      TEXT NOT NULL UNIQUE,
    roles    TEXT NOT NULL,
    enrolled INTEGER NOT NULL REFERENCES entries (seq),
    revoked  INTEGER REFERENCES entries (seq)
) STRICT, WITHOUT ROWID;
INSERT INTO officers VALUES('张三','iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w=','key-officer operator',0,NULL);
INSERT INTO officers VALUES('李四','gTl3Dqh9F19Wo1Rmw0x+zMuNipG07jeiXfYPW4/Js5Q=','supervisor',0,NULL);
CREATE TABLE policies (
    seq    INTEGER PRIMARY KEY REFERENCES entries (seq),
    policy TEXT NOT NULL
) STRICT;
INSERT INTO policies VALUES(0,'{"approved_templates":true,"rules":{"batch.approve":{"approvers":[],"officers":1,"roles":["supervisor"]},"batch.close":{"approvers":["supervisor"],"officers":2,"roles":["operator","supervisor"]},"batch.export":{"approvers":[],"officers":1,"roles":["operator","supervisor"]},"batch.new":{"approvers":[],"officers":1,"roles":["operator","supervisor"]},"batch.pause":{"approvers":[],"officers":1,"roles":["operator","supervisor"]},"batch.resume":{"approvers":[],"officers":1,"roles":["operator","supervisor"]},"batch.run":{"approvers":[],"officers":1,"roles":["operator","supervisor"]},"blacklist.add":{"approvers":[],"officers":1,"roles":["operator","supervisor"]},"blacklist.confirm":{"approvers":[],"officers":1,"roles":["operator","supervisor"]},"blacklist.publish":{"approvers":[],"officers":1,"roles":["supervisor"]},"blacklist.remove":{"approvers":[],"officers":1,"roles":["supervisor"]},"card.block":{"approvers":[],"officers":1,"roles":["operator","supervisor"]},"card.cancel":{"approvers":[],"officers":1,"roles":["operator","supervisor"]},"card.done":{"approvers":[],"officers":1,"roles":["operator","supervisor"]},"card.exchange":{"approvers":[],"officers":1,"roles":["operator","supervisor"]},"card.extend":{"approvers":[],"officers":1,"roles":["operator","supervisor"]},"card.found":{"approvers":[],"officers":1,"roles":["operator","supervisor"]},"card.lost":{"approvers":[],"officers":1,"roles":["operator","supervisor"]},"card.replace":{"approvers":["supervisor"],"officers":2,"roles":["operator","supervisor"]},"card.return":{"approvers":[],"officers":1,"roles":["operator","supervisor"]},"card.unblock":{"approvers":[],"officers":1,"roles":["operator","supervisor"]},"card.void":{"approvers":[],"officers":2,"roles":[]},"checkpoint.renew":{"approvers":[],"officers":2,"roles":[]},"holder.show":{"approvers":[],"officers":1,"roles":["supervisor","auditor"]},"holders.erase":{"approvers":["supervisor"],"officers":2,"roles":["operator","supervisor"]},"key.derive":{"approvers":[],"officers":2,"roles":[]},"key.export":{"approvers":[],"officers":2,"roles":[]},"key.generate":{"approvers":[],"officers":2,"roles":[]},"key.import":{"approvers":[],"officers":2,"roles":[]},"key.receive":{"approvers":[],"officers":2,"roles":[]},"key.retire":{"approvers":[],"officers":2,"roles":[]},"officer.enrol":{"approvers":[],"officers":2,"roles":[]},"officer.revoke":{"approvers":[],"officers":2,"roles":[]},"order.import":{"approvers":[],"officers":1,"roles":["operator","supervisor"]},"order.withdraw":{"approvers":[],"officers":1,"roles":["supervisor"]},"pin.reload":{"approvers":[],"officers":1,"roles":["operator","supervisor"]},"pin.unblock":{"approvers":[],"officers":1,"roles":["operator","supervisor"]},"range.reserve":{"approvers":[],"officers":1,"roles":["supervisor"]},"secret.draw":{"approvers":[],"officers":1,"roles":["operator","supervisor","key-officer"]},"stock.count":{"approvers":[],"officers":1,"roles":["operator","supervisor"]},"stock.hand-out":{"approvers":[],"officers":1,"roles":["supervisor"]},"stock.receive":{"approvers":[],"officers":1,"roles":["supervisor"]},"stock.return":{"approvers":["supervisor"],"officers":2,"roles":["operator","supervisor"]},"stock.scrap":{"approvers":["supervisor"],"officers":2,"roles":["operator","supervisor"]},"stock.take-back":{"approvers":[],"officers":1,"roles":["supervisor"]},"template.approve":{"approvers":[],"officers":2,"roles":[]}}}');
CREATE TABLE keys (
    key     TEXT PRIMARY KEY,
    usage   TEXT NOT NULL,
    owner   TEXT NOT NULL,
    version INTEGER NOT NULL,
    alg     TEXT NOT NULL,
    kcv     TEXT NOT NULL,
    state   TEXT NOT NULL,
    origin  TEXT NOT NULL,
    arrived INTEGER NOT NULL REFERENCES entries (seq),
    changed INTEGER NOT NULL REFERENCES entries (seq),
    ceremony INTEGER REFERENCES entries (seq)
) STRICT, WITHOUT ROWID;
INSERT INTO keys VALUES('load/1','load','city 3100',1,'3des','2677F4','active','generated',2,2,NULL);
CREATE TABLE templates (
    digest   TEXT PRIMARY KEY,
    template TEXT NOT NULL,
    approved INTEGER NOT NULL REFERENCES entries (seq)
) STRICT, WITHOUT ROWID;
INSERT INTO templates VALUES('5cde0f1298f41f7d1c8b907a36992a7a513225a2615bd6e307bf1a9149b06b40','mohurd-user',1);
CREATE TABLE cards (
    kind     TEXT NOT NULL,
    number   TEXT NOT NULL,
    chip     TEXT,
    terminal TEXT UNIQUE,
    template TEXT NOT NULL,
    script   TEXT NOT NULL,
    batch    TEXT,
    status   TEXT NOT NULL,
    intent   INTEGER NOT NULL REFERENCES entries (seq),
    outcome  INTEGER REFERENCES entries (seq),
    voided   INTEGER REFERENCES entries (seq),
    PRIMARY KEY (kind, number)
) STRICT, WITHOUT ROWID;
INSERT INTO cards VALUES('psam','31000000000000000001','P7','310000000001','mohurd-user','eb59ad3340eb399888b7aad8b23798a065ad1b41baa3a532d5ec4aab0b635290','P','issued',40,41,NULL);
INSERT INTO cards VALUES('user','3100000000000001','C1',NULL,'mohurd-user','5bbecaa02547f9caffc14f2f0b475cc0eace04c1b3d7ec54d4faa8a70c3bb8a2','B','issued',10,11,NULL);
INSERT INTO cards VALUES('user','3100000000000002','C2',NULL,'mohurd-user','032a70d0bd04fef9397f6649b400b96bb6579984524dda10df424d9f25a8ee3d','B','issued',12,13,NULL);
INSERT INTO cards VALUES('user','3100000000000003','C3',NULL,'mohurd-user','e8af5fd5822ac03cb27a62ed070fe94132fd60c19f8b7973f3b2dfaaa99580ca','B','issued',14,15,NULL);
INSERT INTO cards VALUES('user','3100000000000004','C4',NULL,'mohurd-user','65ffd1e153a819521100e7ff5947584b3e5e28f22a05c3ad8eb27192a0fc7d69','B','issued',16,17,NULL);
INSERT INTO cards VALUES('user','3100000000000005','C5',NULL,'mohurd-user','9f4f5d19baf6da6efc41aad2280fff66b183368123daf0be7c3059aa2c022fa2','B','issued',18,19,NULL);
INSERT INTO cards VALUES('user','3100000000000006','C6',NULL,'mohurd-user','ef99d288042724f66a2b79d69868db9b9786cb35ead3bb3d568828dd8a828b91','B','failed-blank',20,21,NULL);
INSERT INTO cards VALUES('user','3100000000000007','C7',NULL,'mohurd-user','2e1955ae4ada0acb940d70740a8554111a21fa93a7db14c6012485889903f1c8','B','void',22,23,24);
CREATE TABLE purse_intents (
    number TEXT PRIMARY KEY,
    intent INTEGER NOT NULL REFERENCES entries (seq),
    said   TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE ceremonies (
    begun  INTEGER PRIMARY KEY REFERENCES entries (seq),
    plan   TEXT NOT NULL,
    title  TEXT NOT NULL,
    nonce  TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL,
    ended  INTEGER REFERENCES entries (seq)
) STRICT;
CREATE TABLE backups (
    digest     TEXT PRIMARY KEY,
    generation INTEGER NOT NULL,
    threshold  INTEGER NOT NULL,
    keys       INTEGER NOT NULL,
    made       INTEGER NOT NULL REFERENCES entries (seq),
    restored   INTEGER REFERENCES entries (seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE ranges (
    range    TEXT PRIMARY KEY,
    kind     TEXT NOT NULL,
    template TEXT,
    start    TEXT NOT NULL,
    stop     TEXT NOT NULL CHECK (start <= stop),
    purpose  TEXT NOT NULL,
    reserved INTEGER NOT NULL REFERENCES entries (seq)
) STRICT, WITHOUT ROWID;
INSERT INTO ranges VALUES('31','user',NULL,'16 3100000000000001','16 3100000000001000','2027',3);
INSERT INTO ranges VALUES('T','terminal','mohurd-user','12 310000000001','12 310000000999','2027',35);
CREATE TABLE spans (
    kind     TEXT NOT NULL,
    start    TEXT NOT NULL,
    stop     TEXT NOT NULL CHECK (start <= stop),
    order_id TEXT NOT NULL,
    range    TEXT,
    PRIMARY KEY (kind, start)
) STRICT, WITHOUT ROWID;
INSERT INTO spans VALUES('psam','20 31000000000000000001','20 31000000000000000001','psams',NULL);
INSERT INTO spans VALUES('terminal','12 310000000001','12 310000000001','psams','T');
INSERT INTO spans VALUES('user','16 3100000000000001','16 3100000000000010','one','31');
INSERT INTO spans VALUES('user','16 3100000000000011','16 3100000000000011','three','31');
CREATE TABLE orders (
    order_id        TEXT PRIMARY KEY,
    kind            TEXT NOT NULL,
    template        TEXT NOT NULL,
    template_digest TEXT NOT NULL,
    rows            INTEGER NOT NULL,
    terminals       INTEGER NOT NULL,
    digest          TEXT NOT NULL,
    holders         TEXT,
    imported        INTEGER NOT NULL REFERENCES entries (seq),
    withdrawn       INTEGER REFERENCES entries (seq)
) STRICT, WITHOUT ROWID;
INSERT INTO orders VALUES('one','user','mohurd-user','5cde0f1298f41f7d1c8b907a36992a7a513225a2615bd6e307bf1a9149b06b40',10,0,'7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed','f105711533a2831df45d0541b5366e37dcbed61ab843b77ad0c29f9913ede401',4,NULL);
INSERT INTO orders VALUES('psams','psam','mohurd-user','5cde0f1298f41f7d1c8b907a36992a7a513225a2615bd6e307bf1a9149b06b40',1,1,'fe6a338d985e4a17a50f33bba57fc4be400b68826982292f304326f24597ee81','6382b3cc881412b77bfcaeed026001c00d9e3025e66c20f6e7e92f079851462a',36,NULL);
INSERT INTO orders VALUES('three','user','mohurd-user','5cde0f1298f41f7d1c8b907a36992a7a513225a2615bd6e307bf1a9149b06b40',1,0,'8b5b9db0c13db24256c829aa364aa90c6d2eba318b9232a4ab9313b954d3555f',NULL,72,NULL);
INSERT INTO orders VALUES('two','user','mohurd-user','5cde0f1298f41f7d1c8b907a36992a7a513225a2615bd6e307bf1a9149b06b40',2,0,'3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3',NULL,70,71);
CREATE TABLE secrets (
    secret  TEXT PRIMARY KEY,
    version INTEGER NOT NULL,
    kcv     TEXT NOT NULL,
    drawn   INTEGER NOT NULL REFERENCES entries (seq)
) STRICT, WITHOUT ROWID;
INSERT INTO secrets VALUES('holders',2,'4AB599',67);
INSERT INTO secrets VALUES('pins',1,'4AB599',66);
CREATE TABLE erasures (
    order_id TEXT NOT NULL,
    number   TEXT NOT NULL,
    erased   INTEGER NOT NULL REFERENCES entries (seq),
    PRIMARY KEY (order_id, number)
) STRICT, WITHOUT ROWID;
INSERT INTO erasures VALUES('one','3100000000000001',69);
CREATE TABLE batches (
    batch           TEXT PRIMARY KEY,
    order_id        TEXT NOT NULL,
    template        TEXT NOT NULL,
    template_digest TEXT NOT NULL,
    rows            INTEGER NOT NULL,
    digest          TEXT NOT NULL,
    state           TEXT NOT NULL,
    made            INTEGER NOT NULL REFERENCES entries (seq),
    approved        INTEGER REFERENCES entries (seq),
    closed          INTEGER REFERENCES entries (seq)
) STRICT, WITHOUT ROWID;
INSERT INTO batches VALUES('B','one','mohurd-user','5cde0f1298f41f7d1c8b907a36992a7a513225a2615bd6e307bf1a9149b06b40',10,'1cce3e1b5d8bfbdbd0557b6aa35a83f48f159a7129128e26d86004e901711b99','closed',7,8,29);
INSERT INTO batches VALUES('P','psams','mohurd-user','5cde0f1298f41f7d1c8b907a36992a7a513225a2615bd6e307bf1a9149b06b40',1,'7cdb6f6e40aef9f494d2743a34da55fc9f2d35e96a4163893caba07e06cdce2b','running',37,38,NULL);
CREATE TABLE batch_keys (
    batch TEXT NOT NULL,
    key   TEXT NOT NULL,
    kcv   TEXT NOT NULL,
    PRIMARY KEY (batch, key)
) STRICT, WITHOUT ROWID;
INSERT INTO batch_keys VALUES('B','load/1','2677F4');
INSERT INTO batch_keys VALUES('P','load/1','2677F4');
CREATE TABLE batch_officers (
    batch   TEXT NOT NULL,
    part    TEXT NOT NULL,
    officer TEXT NOT NULL,
    PRIMARY KEY (batch, part, officer)
) STRICT, WITHOUT ROWID;
INSERT INTO batch_officers VALUES('B','approve','李四');
INSERT INTO batch_officers VALUES('B','new','张三');
INSERT INTO batch_officers VALUES('B','run','张三');
INSERT INTO batch_officers VALUES('P','approve','李四');
INSERT INTO batch_officers VALUES('P','new','张三');
INSERT INTO batch_officers VALUES('P','run','张三');
CREATE TABLE lots (
    lot        TEXT PRIMARY KEY,
    blank      TEXT NOT NULL,
    supplier   TEXT NOT NULL,
    serials    INTEGER NOT NULL,
    received   INTEGER NOT NULL,
    in_stock   INTEGER NOT NULL CHECK (in_stock >= 0),
    handed_out INTEGER NOT NULL CHECK (handed_out >= 0),
    in_process INTEGER NOT NULL CHECK (in_process >= 0),
    issued     INTEGER NOT NULL CHECK (issued >= 0),
    scrapped   INTEGER NOT NULL CHECK (scrapped >= 0),
    returned   INTEGER NOT NULL CHECK (returned >= 0),
    CHECK (received = in_stock + handed_out + in_process + issued + scrapped + returned)
) STRICT, WITHOUT ROWID;
INSERT INTO lots VALUES('L1','fmcos 8k','复旦微电子',0,20,7,1,0,5,3,4);
INSERT INTO lots VALUES('P1','fmcos 8k','复旦微电子',1,2,1,0,0,1,0,0);
CREATE TABLE holdings (
    lot     TEXT NOT NULL,
    officer TEXT NOT NULL,
    count   INTEGER NOT NULL CHECK (count >= 0),
    PRIMARY KEY (lot, officer)
) STRICT, WITHOUT ROWID;
INSERT INTO holdings VALUES('L1','张三',1);
INSERT INTO holdings VALUES('P1','张三',0);
CREATE TABLE serials (
    serial TEXT PRIMARY KEY,
    lot    TEXT NOT NULL,
    place  TEXT NOT NULL,
    holder TEXT
) STRICT, WITHOUT ROWID;
INSERT INTO serials VALUES('P7','P1','issued',NULL);
INSERT INTO serials VALUES('P8','P1','in-stock',NULL);
CREATE TABLE blanks (
    kind   TEXT NOT NULL,
    number TEXT NOT NULL,
    lot    TEXT NOT NULL,
    serial TEXT,
    batch  TEXT,
    place  TEXT NOT NULL,
    PRIMARY KEY (kind, number)
) STRICT, WITHOUT ROWID;
INSERT INTO blanks VALUES('psam','31000000000000000001','P1','P7','P','issued');
INSERT INTO blanks VALUES('user','3100000000000001','L1',NULL,'B','issued');
INSERT INTO blanks VALUES('user','3100000000000002','L1',NULL,'B','issued');
INSERT INTO blanks VALUES('user','3100000000000003','L1',NULL,'B','issued');
INSERT INTO blanks VALUES('user','3100000000000004','L1',NULL,'B','issued');
INSERT INTO blanks VALUES('user','3100000000000005','L1',NULL,'B','issued');
INSERT INTO blanks VALUES('user','3100000000000007','L1',NULL,'B','scrapped');
CREATE TABLE batch_lots (
    batch    TEXT NOT NULL,
    lot      TEXT NOT NULL,
    drawn    INTEGER NOT NULL CHECK (drawn >= 0),
    issued   INTEGER NOT NULL CHECK (issued >= 0),
    scrapped INTEGER NOT NULL CHECK (scrapped >= 0),
    CHECK (drawn >= issued + scrapped),
    PRIMARY KEY (batch, lot)
) STRICT, WITHOUT ROWID;
INSERT INTO batch_lots VALUES('B','L1',8,5,3);
INSERT INTO batch_lots VALUES('P','P1',1,1,0);
CREATE TABLE life (
    kind        TEXT NOT NULL,
    number      TEXT NOT NULL,
    state       TEXT NOT NULL,
    until       TEXT,
    blocked     INTEGER NOT NULL,
    replaces    TEXT,
    replaced_by TEXT,
    owed        INTEGER,
    emptied     INTEGER,
    changed     INTEGER NOT NULL REFERENCES entries (seq),
    PRIMARY KEY (kind, number)
) STRICT, WITHOUT ROWID;
INSERT INTO life VALUES('user','3100000000000001','replaced',NULL,0,NULL,'3100000000000002',NULL,NULL,45);
INSERT INTO life VALUES('user','3100000000000002','in-use',NULL,0,'3100000000000001',NULL,1850,NULL,45);
INSERT INTO life VALUES('user','3100000000000003','exchanged',NULL,0,NULL,'3100000000000004',NULL,NULL,46);
INSERT INTO life VALUES('user','3100000000000004','returned',NULL,0,'3100000000000003',NULL,NULL,NULL,47);
INSERT INTO life VALUES('user','3100000000000005','cancelled','20401231',0,NULL,NULL,NULL,NULL,59);
CREATE TABLE desk_acts (
    kind   TEXT NOT NULL,
    number TEXT NOT NULL,
    intent INTEGER NOT NULL REFERENCES entries (seq),
    act    TEXT NOT NULL,
    until  TEXT,
    PRIMARY KEY (kind, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE desk_purses (
    intent INTEGER PRIMARY KEY REFERENCES entries (seq),
    what   TEXT NOT NULL,
    amount INTEGER NOT NULL
) STRICT;
CREATE TABLE blacklist (
    added   INTEGER PRIMARY KEY REFERENCES entries (seq),
    kind    TEXT NOT NULL,
    start   TEXT NOT NULL,
    stop    TEXT NOT NULL CHECK (start <= stop),
    until   TEXT,
    reason  TEXT NOT NULL,
    removed INTEGER REFERENCES entries (seq)
) STRICT;
INSERT INTO blacklist VALUES(60,'user','16 3100000000000001','16 3100000000000001','20351231','lost',63);
CREATE TABLE lists (
    sequence  INTEGER PRIMARY KEY,
    form      TEXT NOT NULL,
    base      INTEGER,
    date      TEXT NOT NULL,
    count     INTEGER NOT NULL,
    digest    TEXT NOT NULL,
    published INTEGER NOT NULL REFERENCES entries (seq)
) STRICT;
INSERT INTO lists VALUES(1,'full',NULL,'20261118',1,'ee8322ada4af531910b4d21faba6ac16ea0dfac35014da1e33d72b9d70f98f89',61);
INSERT INTO lists VALUES(2,'delta',1,'20261118',1,'ee8322ada4af531910b4d21faba6ac16ea0dfac35014da1e33d72b9d70f98f89',64);
CREATE TABLE list_confirmations (
    by_whom   TEXT PRIMARY KEY,
    sequence  INTEGER NOT NULL,
    confirmed INTEGER NOT NULL REFERENCES entries (seq)
) STRICT, WITHOUT ROWID;
INSERT INTO list_confirmations VALUES('公交公司',1,62);
CREATE INDEX entries_act ON entries (act);
CREATE INDEX entries_number ON entries (number) WHERE number IS NOT NULL;
CREATE TRIGGER entries_no_gap BEFORE INSERT ON entries
WHEN new.seq <> (SELECT coalesce(max(seq) + 1, 0) FROM entries)
BEGIN SELECT raise(ABORT, 'entries follow one another'); END;
CREATE TRIGGER entries_no_update BEFORE UPDATE ON entries
BEGIN SELECT raise(ABORT, 'entries are never changed'); END;
CREATE TRIGGER entries_no_delete BEFORE DELETE ON entries
BEGIN SELECT raise(ABORT, 'entries are never deleted'); END;
CREATE TRIGGER nodes_no_update BEFORE UPDATE ON nodes
BEGIN SELECT raise(ABORT, 'nodes are never changed'); END;
CREATE TRIGGER nodes_no_delete BEFORE DELETE ON nodes
BEGIN SELECT raise(ABORT, 'nodes are never deleted'); END;
CREATE TRIGGER checkpoint_no_return BEFORE UPDATE ON checkpoint WHEN new.size < old.size
BEGIN SELECT raise(ABORT, 'checkpoints never go back'); END;
CREATE TRIGGER checkpoint_no_delete BEFORE DELETE ON checkpoint
BEGIN SELECT raise(ABORT, 'the checkpoint is never deleted'); END;
CREATE UNIQUE INDEX cards_chip ON cards (chip) WHERE status IN ('in-doubt', 'issued', 'failed-partial');
CREATE INDEX cards_status ON cards (status);
CREATE UNIQUE INDEX ceremonies_open ON ceremonies (status) WHERE status = 'open';
CREATE UNIQUE INDEX ranges_start ON ranges (kind, start);
CREATE TRIGGER ranges_apart BEFORE INSERT ON ranges WHEN (
    SELECT stop >= new.start FROM ranges WHERE kind = new.kind AND start <= new.stop ORDER BY start DESC LIMIT 1)
BEGIN SELECT raise(ABORT, 'ranges overlap'); END;
CREATE INDEX spans_order ON spans (order_id);
CREATE TRIGGER spans_apart BEFORE INSERT ON spans WHEN (
    SELECT stop >= new.start FROM spans WHERE kind = new.kind AND start <= new.stop ORDER BY start DESC LIMIT 1)
BEGIN SELECT raise(ABORT, 'spans overlap'); END;
CREATE UNIQUE INDEX batches_open ON batches (order_id) WHERE state <> 'closed';
CREATE INDEX cards_batch ON cards (batch, status) WHERE batch IS NOT NULL;
CREATE UNIQUE INDEX blacklist_active ON blacklist (kind, start, stop) WHERE removed IS NULL;
CREATE INDEX blacklist_removed ON blacklist (removed) WHERE removed IS NOT NULL;
COMMIT;
