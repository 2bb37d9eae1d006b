//! Reports of the same tests in the other formats, as their producers lay them out: a hundredth of the tests failed.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

/// How a format is written.
pub(crate) struct Format {
    pub(crate) name: &'static str,
    head: fn(u64) -> String,
    /// A test by its number, and whether it failed.
    test: fn(u64, bool) -> String,
    /// What stands between two tests.
    between: &'static str,
    tail: fn(u64) -> String,
}

impl Format {
    /// Writes a report of so many tests.
    pub(crate) fn write(&self, path: &Path, tests: u64) {
        let mut file = BufWriter::new(File::create(path).expect("a file"));
        let mut put = |text: &str| file.write_all(text.as_bytes()).expect("room on the disk");
        put(&(self.head)(tests));
        for test in 0..tests {
            if test > 0 {
                put(self.between);
            }
            put(&(self.test)(test, test % 100 == 0));
        }
        put(&(self.tail)(tests));
    }
}

fn name(test: u64) -> String {
    format!("applies the discount of customer group number {test}")
}

/// The formats that are measured.
pub(crate) const FORMATS: [Format; 13] =
    [GO, CTRF, TRX, TAP, NUNIT, XUNIT, LIBTEST, DART, MOCHA, JEST, PLAYWRIGHT, RSPEC, CUCUMBER];

const GO: Format = Format {
    name: "go test -json",
    head: |_| {
        "{\"Time\":\"2026-11-23T09:00:00Z\",\"Action\":\"start\",\"Package\":\"example.com/shop\"}\n"
            .to_owned()
    },
    test: |test, is_red| {
        let name = format!("TestDiscount/group_{test}");
        let event = |action: &str, more: &str| {
            format!(
                "{{\"Time\":\"2026-11-23T09:00:00Z\",\"Action\":\"{action}\",\"Package\":\"example.com/shop\",\
                 \"Test\":\"{name}\"{more}}}\n"
            )
        };
        let (word, output) = if is_red { ("fail", "    cart_test.go:9: got 1") } else { ("pass", "") };
        let mut text = event("run", "");
        text += &event("output", &format!(",\"Output\":\"=== RUN   {name}\\n\""));
        if is_red {
            text += &event("output", &format!(",\"Output\":\"{output}\\n\""));
        }
        text + &event(word, ",\"Elapsed\":0.01")
    },
    between: "",
    tail: |_| {
        "{\"Time\":\"2026-11-23T09:00:00Z\",\"Action\":\"fail\",\"Package\":\"example.com/shop\",\"Elapsed\":9}\n".to_owned()
    },
};

const CTRF: Format = Format {
    name: "CTRF",
    head: |tests| {
        let red = tests.div_ceil(100);
        format!(
            "{{\"reportFormat\":\"CTRF\",\"specVersion\":\"0.0.0\",\"results\":{{\"tool\":{{\"name\":\"jest\"}},\"summary\":{{\
             \"tests\":{tests},\"passed\":{},\"failed\":{red},\"skipped\":0,\"pending\":0,\"other\":0,\"start\":1,\"stop\":2}},\
             \"tests\":[",
            tests - red
        )
    },
    test: |test, is_red| {
        let status = if is_red { "failed\",\"message\":\"expected 1 to be 100" } else { "passed" };
        format!(
            "{{\"name\":\"{}\",\"duration\":10,\"status\":\"{status}\",\"suite\":[\"checkout\"],\"filePath\":\"src/shop.test.ts\"}}",
            name(test)
        )
    },
    between: ",",
    tail: |_| "]}}".to_owned(),
};

const TRX: Format = Format {
    name: "TRX",
    head: |_| {
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<TestRun id=\"1\" name=\"run\" \
         xmlns=\"http://microsoft.com/schemas/VisualStudio/TeamTest/2010\">\n<Results>\n"
            .to_owned()
    },
    test: |test, is_red| {
        let open = format!(
            "<UnitTestResult executionId=\"e{test}\" testId=\"t{test}\" testName=\"Shop.Tests.Discount{test}\" \
             duration=\"00:00:00.0100000\" outcome="
        );
        if is_red {
            format!(
                "{open}\"Failed\"><Output><ErrorInfo><Message>expected 1</Message><StackTrace>at Shop.Pay() in \
                 Cart.cs:line 9</StackTrace></ErrorInfo></Output></UnitTestResult>\n"
            )
        } else {
            format!("{open}\"Passed\" />\n")
        }
    },
    between: "",
    tail: |tests| {
        let red = tests.div_ceil(100);
        format!(
            "</Results><ResultSummary outcome=\"Failed\"><Counters total=\"{tests}\" executed=\"{tests}\" passed=\"{}\" \
             failed=\"{red}\" /></ResultSummary></TestRun>\n",
            tests - red
        )
    },
};

const TAP: Format = Format {
    name: "TAP 14",
    head: |tests| format!("TAP version 14\n1..{tests}\n"),
    test: |test, is_red| {
        let (word, more) =
            if is_red { ("not ok", "  ---\n  message: expected 1\n  ...\n") } else { ("ok", "") };
        format!("{word} {} - {}\n{more}", test + 1, name(test))
    },
    between: "",
    tail: |_| String::new(),
};

const NUNIT: Format = Format {
    name: "NUnit 3",
    head: |tests| {
        let red = tests.div_ceil(100);
        format!(
            "<?xml version=\"1.0\"?>\n<test-run id=\"2\" testcasecount=\"{tests}\" result=\"Failed\" total=\"{tests}\" passed=\"{}\" \
             failed=\"{red}\">\n<test-suite type=\"Assembly\" id=\"1\" name=\"Shop.dll\" fullname=\"Shop.dll\" result=\"Failed\" \
             site=\"Child\" total=\"{tests}\" failed=\"{red}\">\n",
            tests - red
        )
    },
    test: |test, is_red| {
        let open = format!(
            "<test-case id=\"{test}\" name=\"Discount{test}\" fullname=\"Shop.Tests.Discount{test}\" \
             classname=\"Shop.Tests\" duration=\"0.010\" result="
        );
        if is_red {
            format!("{open}\"Failed\"><failure><message>expected 1</message></failure></test-case>\n")
        } else {
            format!("{open}\"Passed\" />\n")
        }
    },
    between: "",
    tail: |_| "</test-suite></test-run>\n".to_owned(),
};

const XUNIT: Format = Format {
    name: "xUnit.net v2",
    head: |tests| {
        let red = tests.div_ceil(100);
        format!(
            "<?xml version=\"1.0\"?>\n<assemblies><assembly name=\"Shop.dll\" total=\"{tests}\" passed=\"{}\" failed=\"{red}\" \
             skipped=\"0\" errors=\"0\"><errors /><collection name=\"Shop\" total=\"{tests}\" failed=\"{red}\">\n",
            tests - red
        )
    },
    test: |test, is_red| {
        let open = format!(
            "<test name=\"Shop.Tests.Discount{test}\" type=\"Shop.Tests\" method=\"Discount{test}\" time=\"0.010\" result="
        );
        if is_red {
            format!(
                "{open}\"Fail\"><failure exception-type=\"E\"><message>expected 1</message></failure></test>\n"
            )
        } else {
            format!("{open}\"Pass\" />\n")
        }
    },
    between: "",
    tail: |_| "</collection></assembly></assemblies>\n".to_owned(),
};

const LIBTEST: Format = Format {
    name: "libtest JSON",
    head: |tests| format!("{{ \"type\": \"suite\", \"event\": \"started\", \"test_count\": {tests} }}\n"),
    test: |test, is_red| {
        let name = format!("shop::checkout::discount_of_group_{test}");
        let end = if is_red {
            "\"event\": \"failed\", \"stdout\": \"thread panicked at src/cart.rs:9:5:\\nexpected 1\\n\""
        } else {
            "\"event\": \"ok\""
        };
        format!(
            "{{ \"type\": \"test\", \"event\": \"started\", \"name\": \"{name}\" }}\n\
             {{ \"type\": \"test\", \"name\": \"{name}\", {end} }}\n"
        )
    },
    between: "",
    tail: |tests| {
        let red = tests.div_ceil(100);
        format!(
            "{{ \"type\": \"suite\", \"event\": \"failed\", \"passed\": {}, \"failed\": {red}, \"ignored\": 0, \"measured\": 0, \
             \"filtered_out\": 0, \"exec_time\": 1.0 }}\n",
            tests - red
        )
    },
};

const DART: Format = Format {
    name: "Dart JSON",
    head: |_| {
        "{\"protocolVersion\":\"0.1.1\",\"runnerVersion\":\"1.25.8\",\"pid\":1,\"type\":\"start\",\"time\":0}\n\
         {\"suite\":{\"id\":0,\"platform\":\"vm\",\"path\":\"test/cart_test.dart\"},\"type\":\"suite\",\"time\":0}\n"
            .to_owned()
    },
    test: |test, is_red| {
        let id = test + 1;
        let (error, result) = if is_red {
            (
                format!(
                    "{{\"testID\":{id},\"error\":\"expected 1\",\"stackTrace\":\"test/cart_test.dart 9:5  main\",\
                     \"isFailure\":true,\"type\":\"error\",\"time\":2}}\n"
                ),
                "failure",
            )
        } else {
            (String::new(), "success")
        };
        format!(
            "{{\"test\":{{\"id\":{id},\"name\":\"{}\",\"suiteID\":0,\"groupIDs\":[],\"metadata\":{{\"skip\":false,\
             \"skipReason\":null}},\"line\":{id},\"column\":3,\"url\":\"file:///test/cart_test.dart\"}},\"type\":\"testStart\",\
             \"time\":1}}\n{error}{{\"testID\":{id},\"result\":\"{result}\",\"skipped\":false,\"hidden\":false,\
             \"type\":\"testDone\",\"time\":11}}\n",
            name(test)
        )
    },
    between: "",
    tail: |_| "{\"success\":false,\"type\":\"done\",\"time\":20}\n".to_owned(),
};

const MOCHA: Format = Format {
    name: "mocha JSON",
    head: |tests| {
        let red = tests.div_ceil(100);
        format!(
            "{{\"stats\":{{\"suites\":1,\"tests\":{tests},\"passes\":{},\"pending\":0,\"failures\":{red},\
             \"start\":\"2026-11-23T09:00:00Z\",\"end\":\"2026-11-23T09:00:00Z\",\"duration\":9}},\"tests\":[",
            tests - red
        )
    },
    test: |test, is_red| {
        let error = if is_red {
            "{\"message\":\"expected 1\",\"stack\":\"Error: at test/cart.js:9:5\"}"
        } else {
            "{}"
        };
        format!(
            "{{\"title\":\"{0}\",\"fullTitle\":\"checkout {0}\",\"file\":\"test/cart.js\",\"duration\":10,\"currentRetry\":0,\
             \"err\":{error}}}",
            name(test)
        )
    },
    between: ",",
    tail: |tests| {
        let tests = |is_wanted: fn(u64) -> bool| {
            let all = (0..tests).filter(|test| is_wanted(*test));
            all.map(|test| (MOCHA.test)(test, test % 100 == 0)).collect::<Vec<_>>().join(",")
        };
        format!(
            "],\"pending\":[],\"failures\":[{}],\"passes\":[{}]}}",
            tests(|test| test % 100 == 0),
            tests(|test| test % 100 != 0)
        )
    },
};

const JEST: Format = Format {
    name: "jest JSON",
    head: |tests| {
        let red = tests.div_ceil(100);
        format!(
            "{{\"numFailedTestSuites\":1,\"numFailedTests\":{red},\"numPassedTests\":{},\"numPendingTests\":0,\
             \"numRuntimeErrorTestSuites\":0,\"numTodoTests\":0,\"numTotalTestSuites\":1,\"numTotalTests\":{tests},\"startTime\":1,\
             \"success\":false,\"testResults\":[{{\"assertionResults\":[",
            tests - red
        )
    },
    test: |test, is_red| {
        let (status, messages) = if is_red {
            ("failed", "\"Error: expected 1\\n    at src/cart.test.js:9:5\"")
        } else {
            ("passed", "")
        };
        format!(
            "{{\"ancestorTitles\":[\"checkout\"],\"duration\":10,\"failureDetails\":[],\"failureMessages\":[{messages}],\
             \"fullName\":\"checkout {0}\",\"invocations\":1,\"location\":null,\"numPassingAsserts\":1,\"retryReasons\":[],\
             \"status\":\"{status}\",\"title\":\"{0}\"}}",
            name(test)
        )
    },
    between: ",",
    tail: |_| {
        "],\"endTime\":2,\"message\":\"\",\"name\":\"src/cart.test.js\",\"startTime\":1,\"status\":\"failed\",\"summary\":\"\"}],\
         \"wasInterrupted\":false}"
            .to_owned()
    },
};

const PLAYWRIGHT: Format = Format {
    name: "Playwright JSON",
    head: |_| {
        "{\"config\":{\"rootDir\":\"/builds/g/shop/e2e\",\"projects\":[{\"name\":\"chromium\"}]},\"suites\":[{\
         \"title\":\"cart.spec.ts\",\"file\":\"cart.spec.ts\",\"line\":0,\"column\":0,\"specs\":["
            .to_owned()
    },
    test: |test, is_red| {
        let (status, whole, error) = if is_red {
            ("failed", "unexpected", ",\"error\":{\"message\":\"expected 1\"}")
        } else {
            ("passed", "expected", "")
        };
        format!(
            "{{\"title\":\"{}\",\"ok\":{},\"tags\":[],\"tests\":[{{\"expectedStatus\":\"passed\",\"projectName\":\"chromium\",\
             \"results\":[{{\"status\":\"{status}\",\"duration\":10{error},\"errors\":[],\"retry\":0}}],\"status\":\"{whole}\"}}],\
             \"file\":\"cart.spec.ts\",\"line\":{}}}",
            name(test),
            !is_red,
            test + 1
        )
    },
    between: ",",
    tail: |tests| {
        let red = tests.div_ceil(100);
        format!(
            "]}}],\"errors\":[],\"stats\":{{\"duration\":9.5,\"expected\":{},\"skipped\":0,\"unexpected\":{red},\"flaky\":0}}}}",
            tests - red
        )
    },
};

const RSPEC: Format = Format {
    name: "RSpec JSON",
    head: |_| "{\"version\":\"3.13.0\",\"seed\":7,\"examples\":[".to_owned(),
    test: |test, is_red| {
        let (status, error) = if is_red {
            (
                "failed",
                ",\"exception\":{\"class\":\"E\",\"message\":\"expected 1\",\"backtrace\":[\"./spec/cart_spec.rb:9\"]}",
            )
        } else {
            ("passed", "")
        };
        format!(
            "{{\"id\":\"./spec/cart_spec.rb[1:{}]\",\"description\":\"{1}\",\"full_description\":\"Cart {1}\",\"status\":\"{status}\",\
             \"file_path\":\"./spec/cart_spec.rb\",\"line_number\":9,\"run_time\":0.01,\"pending_message\":null{error}}}",
            test + 1,
            name(test)
        )
    },
    between: ",",
    tail: |tests| {
        format!(
            "],\"summary\":{{\"duration\":9.5,\"example_count\":{tests},\"failure_count\":{},\"pending_count\":0,\
             \"errors_outside_of_examples_count\":0}},\"summary_line\":\"\"}}",
            tests.div_ceil(100)
        )
    },
};

const CUCUMBER: Format = Format {
    name: "Cucumber JSON",
    head: |_| {
        "[{\"description\":\"\",\"id\":\"cart\",\"keyword\":\"Feature\",\"line\":1,\"name\":\"Cart\",\"tags\":[],\
         \"uri\":\"features/cart.feature\",\"elements\":["
            .to_owned()
    },
    test: |test, is_red| {
        let result = if is_red {
            "\"status\":\"failed\",\"duration\":10,\"error_message\":\"expected 1\""
        } else {
            "\"status\":\"passed\",\"duration\":10"
        };
        format!(
            "{{\"id\":\"cart;{test}\",\"keyword\":\"Scenario\",\"line\":{},\"name\":\"{}\",\"type\":\"scenario\",\"steps\":[{{\
             \"keyword\":\"Given \",\"line\":{0},\"name\":\"an empty cart\",\"match\":{{\"location\":\"steps.js:3\"}},\
             \"result\":{{{result}}}}}]}}",
            test + 2,
            name(test)
        )
    },
    between: ",",
    tail: |_| "]}]".to_owned(),
};
