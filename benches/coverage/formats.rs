//! Coverage of files of 400 lines in every format, as its producers lay it out: each odd line was hit, each even one not, and
//! every tenth line is a branch that went one way.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;

/// Lines of each file.
pub(crate) const LINES: u64 = 400;

/// How a format is written.
pub(crate) struct Format {
    pub(crate) name: &'static str,
    head: &'static str,
    /// A file by its number.
    file: fn(u64) -> String,
    /// What stands between two files.
    between: &'static str,
    tail: &'static str,
}

impl Format {
    /// Writes a report of at least so many bytes; returns how many files it covers, and its length.
    pub(crate) fn write(&self, path: &Path, bytes: u64) -> (u64, u64) {
        let mut target = BufWriter::new(File::create(path).expect("a file"));
        let mut length = 0;
        let mut put = |text: &str| {
            length += text.len() as u64;
            target.write_all(text.as_bytes()).expect("room on the disk");
            length
        };
        put(self.head);
        let mut files = 0;
        loop {
            let length = put(&(self.file)(files));
            files += 1;
            if length >= bytes {
                break;
            }
            put(self.between);
        }
        (files, put(self.tail))
    }
}

/// The formats that are measured.
pub(crate) const FORMATS: [Format; 10] =
    [LCOV, COBERTURA, JACOCO, ISTANBUL, GO, SIMPLECOV, LLVM_COV, OPEN_COVER, CLOVER, COVERAGE_PY];

/// The path of a file in the repository.
pub(crate) fn path(file: u64) -> String {
    format!("src/part{}/module_{file}.ts", file % 50)
}

/// How often a line was hit.
fn hits(line: u64) -> u64 {
    line % 2 * (line % 7 + 1)
}

/// A text of every line.
fn lines(text: fn(u64) -> String) -> String {
    (1..=LINES).map(text).collect()
}

/// A list of every line that is wanted, with commas.
fn list(text: fn(u64) -> Option<String>) -> String {
    (1..=LINES).filter_map(text).collect::<Vec<_>>().join(",")
}

/// One file as LCOV.
pub(crate) fn lcov(file: u64) -> String {
    let mut text = format!("TN:\nSF:{}\n", path(file));
    for line in 1..=LINES {
        let _ = writeln!(text, "DA:{line},{}", hits(line));
        if line % 10 == 0 {
            let _ = writeln!(text, "BRDA:{line},0,0,1\nBRDA:{line},0,1,0");
        }
    }
    let _ = writeln!(text, "LF:{LINES}\nLH:{}\nend_of_record", LINES / 2);
    text
}

const LCOV: Format = Format { name: "LCOV", head: "", file: lcov, between: "", tail: "" };

const COBERTURA: Format = Format {
    name: "Cobertura",
    head: "<?xml version=\"1.0\"?>\n<coverage line-rate=\"0.5\" branch-rate=\"0.5\" version=\"7\" timestamp=\"1\">\n<sources>\
           <source>/builds/g/shop</source></sources>\n<packages><package name=\"shop\" line-rate=\"0.5\" branch-rate=\"0.5\">\n<classes>\n",
    file: |file| {
        let lines = lines(|line| {
            let branch =
                if line % 10 == 0 { " branch=\"true\" condition-coverage=\"50% (1/2)\"" } else { "" };
            format!("<line number=\"{line}\" hits=\"{}\"{branch}/>\n", hits(line))
        });
        format!(
            "<class name=\"module_{file}\" filename=\"{}\" line-rate=\"0.5\" branch-rate=\"0.5\" complexity=\"0\"><methods/>\
             <lines>\n{lines}</lines></class>\n",
            path(file)
        )
    },
    between: "",
    tail: "</classes></package></packages></coverage>\n",
};

const JACOCO: Format = Format {
    name: "JaCoCo",
    head: "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?><!DOCTYPE report PUBLIC \"-//JACOCO//DTD Report 1.1//EN\" \
           \"report.dtd\"><report name=\"shop\"><sessioninfo id=\"a\" start=\"1\" dump=\"2\"/>",
    file: |file| {
        let lines = lines(|line| {
            let (branches, taken) = if line % 10 == 0 { (1, 1) } else { (0, 0) };
            format!(
                "<line nr=\"{line}\" mi=\"{}\" ci=\"{}\" mb=\"{branches}\" cb=\"{taken}\"/>",
                1 - line % 2,
                hits(line)
            )
        });
        format!(
            "<package name=\"com/shop/part{}\"><sourcefile name=\"Module{file}.java\">{lines}<counter type=\"LINE\" missed=\"200\" \
             covered=\"200\"/></sourcefile></package>",
            file % 50
        )
    },
    between: "",
    tail: "</report>\n",
};

const ISTANBUL: Format = Format {
    name: "Istanbul",
    head: "{",
    file: |file| {
        let path = path(file);
        let places = list(|line| {
            Some(format!(
                "\"{line}\":{{\"start\":{{\"line\":{line},\"column\":4}},\"end\":{{\"line\":{line},\"column\":40}}}}"
            ))
        });
        let branches = list(|line| {
            let place = format!(
                "{{\"start\":{{\"line\":{line},\"column\":4}},\"end\":{{\"line\":{line},\"column\":9}}}}"
            );
            (line % 10 == 0).then(|| {
                format!(
                    "\"{line}\":{{\"loc\":{place},\"type\":\"if\",\"locations\":[{place},{place}],\"line\":{line}}}"
                )
            })
        });
        let counts = list(|line| Some(format!("\"{line}\":{}", hits(line))));
        let taken = list(|line| (line % 10 == 0).then(|| format!("\"{line}\":[1,0]")));
        format!(
            "\"/builds/g/shop/{path}\":{{\"path\":\"/builds/g/shop/{path}\",\"statementMap\":{{{places}}},\"fnMap\":{{}},\
             \"branchMap\":{{{branches}}},\"s\":{{{counts}}},\"f\":{{}},\"b\":{{{taken}}}}}"
        )
    },
    between: ",\n",
    tail: "}\n",
};

const GO: Format = Format {
    name: "Go cover profile",
    head: "mode: count\n",
    file: |file| {
        let mut text = String::new();
        for line in 1..=LINES {
            let _ = writeln!(
                text,
                "example.com/shop/part{}/module_{file}.go:{line}.2,{line}.40 1 {}",
                file % 50,
                hits(line)
            );
        }
        text
    },
    between: "",
    tail: "",
};

const SIMPLECOV: Format = Format {
    name: "SimpleCov",
    head: "{\"RSpec\":{\"coverage\":{",
    file: |file| {
        let counts = list(|line| Some(hits(line).to_string()));
        let branches = list(|line| {
            (line % 10 == 0).then(|| {
                format!(
                    "\"[:if, {line}, {line}, 2, {line}, 9]\":{{\"[:then, 1, {line}, 4, {line}, 9]\":1,\"[:else, 2, {line}, 2, \
                     {line}, 9]\":0}}"
                )
            })
        });
        format!(
            "\"/builds/g/shop/lib/part{}/module_{file}.rb\":{{\"lines\":[{counts}],\"branches\":{{{branches}}}}}",
            file % 50
        )
    },
    between: ",\n",
    tail: "},\"timestamp\":1}}\n",
};

const LLVM_COV: Format = Format {
    name: "llvm-cov",
    head: "{\"data\":[{\"files\":[",
    file: |file| {
        let segments = list(|line| {
            Some(format!("[{line},5,{},true,true,false],[{line},40,0,false,false,false]", hits(line)))
        });
        let branches = list(|line| (line % 10 == 0).then(|| format!("[{line},5,{line},9,1,0,0,0,4]")));
        format!(
            "{{\"branches\":[{branches}],\"expansions\":[],\"filename\":\"/builds/g/shop/{}\",\"segments\":[{segments}],\
             \"summary\":{{}}}}",
            path(file)
        )
    },
    between: ",\n",
    tail: "],\"functions\":[],\"totals\":{}}],\"type\":\"llvm.coverage.json.export\",\"version\":\"2.0.1\"}\n",
};

const OPEN_COVER: Format = Format {
    name: "OpenCover",
    head: "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<CoverageSession><Summary numSequencePoints=\"1\"/><Modules>\n",
    file: |file| {
        let points = lines(|line| {
            format!(
                "<SequencePoint vc=\"{}\" uspid=\"{line}\" ordinal=\"{line}\" offset=\"{line}\" sl=\"{line}\" sc=\"9\" el=\"{line}\" \
                 ec=\"40\" bec=\"0\" bev=\"0\" fileid=\"1\" />\n",
                hits(line)
            )
        });
        let branches = lines(|line| {
            let point = |way: u64| {
                format!(
                    "<BranchPoint vc=\"{}\" uspid=\"{line}\" ordinal=\"{way}\" offset=\"{line}\" sl=\"{line}\" path=\"{way}\" \
                     offsetend=\"9\" fileid=\"1\" />\n",
                    1 - way
                )
            };
            if line % 10 == 0 { point(0) + &point(1) } else { String::new() }
        });
        format!(
            "<Module hash=\"{file}\"><ModulePath>/builds/g/shop/bin/{file}.dll</ModulePath><ModuleName>m{file}</ModuleName><Files>\
             <File uid=\"1\" fullPath=\"/builds/g/shop/src/part{}/Module{file}.cs\" /></Files><Classes><Class><FullName>Shop.M{file}\
             </FullName><Methods><Method visited=\"true\"><FileRef uid=\"1\" />\n<SequencePoints>{points}</SequencePoints>\n\
             <BranchPoints>{branches}</BranchPoints></Method></Methods></Class></Classes></Module>\n",
            file % 50
        )
    },
    between: "",
    tail: "</Modules></CoverageSession>\n",
};

const CLOVER: Format = Format {
    name: "Clover",
    head: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<coverage generated=\"1\" clover=\"3.2.0\"><project timestamp=\"1\" \
           name=\"All files\">\n",
    file: |file| {
        let lines = lines(|line| {
            if line % 10 == 0 {
                format!(
                    "<line num=\"{line}\" count=\"{}\" type=\"cond\" truecount=\"1\" falsecount=\"0\"/>\n",
                    hits(line)
                )
            } else {
                format!("<line num=\"{line}\" count=\"{}\" type=\"stmt\"/>\n", hits(line))
            }
        });
        format!("<file name=\"module_{file}.ts\" path=\"/builds/g/shop/{}\">\n{lines}</file>\n", path(file))
    },
    between: "",
    tail: "</project></coverage>\n",
};

const COVERAGE_PY: Format = Format {
    name: "coverage.py",
    head: "{\"meta\":{\"format\":3,\"version\":\"7.11.0\",\"branch_coverage\":true},\"files\":{",
    file: |file| {
        let executed = list(|line| (line % 2 == 1).then(|| line.to_string()));
        let missing = list(|line| (line % 2 == 0).then(|| line.to_string()));
        let taken = list(|line| (line % 10 == 0).then(|| format!("[{line},{}]", line + 1)));
        let left = list(|line| (line % 10 == 0).then(|| format!("[{line},{}]", line + 5)));
        format!(
            "\"src/part{}/module_{file}.py\":{{\"executed_lines\":[{executed}],\"summary\":{{}},\"missing_lines\":[{missing}],\
             \"excluded_lines\":[],\"executed_branches\":[{taken}],\"missing_branches\":[{left}]}}",
            file % 50
        )
    },
    between: ",\n",
    tail: "},\"totals\":{}}\n",
};
