//! Random scenario files.

use super::claims::Claims;
use super::configuration::{SECOND, configuration};
use super::dice::Dice;
use super::terms::terms;
use std::fmt::{self, Write as _};
use std::path::Path;

/// The files of one scenario.
pub(super) struct Files {
    /// By name.
    files: Vec<(&'static str, String)>,
    /// Whether there are many nodes, and many pods that come and go.
    pub(super) is_large: bool,
}

impl Files {
    /// The scenario of this seed.
    pub(super) fn random(seed: u64) -> Self {
        Writer {
            dice: Dice(seed),
            scenario: String::new(),
            apps: String::new(),
            claims: Claims::default(),
            nodes: None,
            pods: None,
            configuration: None,
            random_failures: false,
            is_large: false,
            has_terms: false,
        }
        .files(seed)
    }

    /// Writes them, and removes those of the scenario before it.
    pub(super) fn write(&self, folder: &Path) {
        for (name, text) in &self.files {
            std::fs::write(folder.join(name), text).expect("a file is written");
        }
    }
}

impl fmt::Display for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.files.iter().try_for_each(|(name, text)| writeln!(f, "---- {name}\n{text}"))
    }
}

struct Writer {
    dice: Dice,
    scenario: String,
    apps: String,
    claims: Claims,
    nodes: Option<String>,
    pods: Option<String>,
    configuration: Option<String>,
    random_failures: bool,
    /// Whether there are many nodes, and many pods that come and go.
    is_large: bool,
    /// Whether pods say where they want to be.
    has_terms: bool,
}

const POLICIES: [&str; 14] = [
    "default",
    "least-allocated",
    "most-allocated",
    "random",
    "best-fit",
    "worst-fit",
    "first-fit",
    "round-robin",
    "gpu-random",
    "dot-prod",
    "gpu-clustering",
    "gpu-packing",
    "gpu-best-fit",
    "fgd",
];

macro_rules! line {
    ($text:expr, $($args:tt)*) => { writeln!($text, $($args)*).expect("a string takes text") };
}

impl Writer {
    fn files(mut self, seed: u64) -> Files {
        // Random failures of services may follow each other faster than the cluster comes to rest after each.
        self.random_failures = self.dice.percent(25);
        self.is_large = self.dice.percent(4);
        self.has_terms = self.dice.percent(60);
        if self.dice.percent(40) {
            let has_second = self.dice.percent(40);
            self.configuration = Some(configuration(&mut self.dice, has_second));
        }
        // Pods with claims are asked about one by one, on every node.
        if !self.is_large {
            self.claims = Claims::random(&mut self.dice);
        }
        let until = if self.random_failures { format!("{}m", self.dice.from(1, 240)) } else { "idle".to_owned() };
        line!(self.scenario, "apiVersion: towtank.dev/v1alpha1\nkind: Scenario\nmetadata: {{ name: swarm-{seed} }}");
        line!(self.scenario, "spec:\n  seed: {seed}\n  until: {until}");
        self.cluster();
        self.workload();
        self.scheduler();
        self.autoscaling();
        self.disruptions();
        self.apps.push_str(&self.claims.objects);
        let mut files = vec![("scenario.yaml", self.scenario), ("apps.yaml", self.apps)];
        files.extend(self.nodes.map(|text| ("nodes.csv", text)));
        files.extend(self.pods.map(|text| ("pods.csv", text)));
        files.extend(self.configuration.map(|text| ("kube-scheduler.yaml", text)));
        Files { files, is_large: self.is_large }
    }

    fn seconds(&mut self, most: u64) -> String {
        let millis =
            if self.dice.percent(50) { self.dice.from(0, most) * 1000 } else { self.dice.from(0, most * 1000) };
        format!("{millis}ms")
    }

    /// A distribution of times.
    fn times(&mut self, most: u64) -> String {
        let (a, b) = (self.dice.from(1, most), self.dice.from(1, most));
        match self.dice.from(0, 2) {
            0 => format!("{a}s"),
            1 => format!("{{ uniform: {{ min: {}s, max: {}s }} }}", a.min(b), a.max(b)),
            _ => format!("{{ exponential: {{ mean: {a}s }} }}"),
        }
    }

    fn cluster(&mut self) {
        line!(self.scenario, "  cluster:\n    - manifests: [apps.yaml]");
        if self.dice.percent(85) {
            line!(self.scenario, "    - generate:\n        nodes:");
            for pool in 0..self.dice.from(1, 2) {
                let (low, high) = if self.is_large { (40, 90) } else { (1, 6) };
                let (count, template) = (self.dice.from(low, high), self.node_template());
                line!(
                    self.scenario,
                    "          - {{ count: {count}, namePrefix: pool{pool}, zones: [a, b, c], {template} }}"
                );
            }
        }
        if self.dice.percent(30) {
            self.node_trace();
        }
    }

    fn node_template(&mut self) -> String {
        let (cpu, memory, pods) = (self.dice.from(1, 16), self.dice.from(1, 32), self.dice.from(1, 30));
        let mut text = format!("allocatable: {{ cpu: \"{cpu}\", memory: {memory}Gi, pods: {pods} }}");
        if self.dice.percent(30) {
            let _ = write!(text, ", devices: {}", self.dice.from(1, 8));
        }
        if self.dice.percent(50) {
            let _ = write!(text, ", labels: {{ rack: \"{}\" }}", self.dice.from(0, 2));
        }
        if self.dice.percent(20) {
            let effect = self.dice.one(&["NoSchedule", "NoExecute", "PreferNoSchedule"]);
            let _ = write!(text, ", taints: [{{ key: dedicated, value: \"1\", effect: {effect} }}]");
        }
        text
    }

    /// Machines that come and go.
    fn node_trace(&mut self) {
        let mut rows = "name,cpu_milli,memory_bytes,pods,added_s,removed_s,zone\n".to_owned();
        for i in 0..self.dice.from(1, 5) {
            let added = self.dice.from(0, 600);
            let removed =
                if self.dice.percent(50) { (added + self.dice.from(1, 3000)).to_string() } else { String::new() };
            let (cpu, zone) = (self.dice.from(1, 16) * 1000, self.dice.one(&["a", "b", ""]));
            line!(rows, "machine-{i},{cpu},34359738368,20,{added}.{},{removed},{zone}", self.dice.from(0, 9));
        }
        self.nodes = Some(rows);
        line!(self.scenario, "    - trace: {{ format: csv, nodes: nodes.csv }}");
    }

    fn workload(&mut self) {
        line!(self.scenario, "  workload:");
        line!(self.apps, "apiVersion: v1\nkind: Namespace\nmetadata: {{ name: other }}");
        line!(
            self.apps,
            "---\napiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {{ name: high }}\nvalue: 100"
        );
        for (name, value, policy) in [("low", -5, "PreemptLowerPriority"), ("polite", 200, "Never")] {
            line!(
                self.apps,
                "---\napiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {{ name: {name} }}\nvalue: {value}\n\
                 preemptionPolicy: {policy}"
            );
        }
        for i in 0..self.dice.from(1, 2) {
            self.generator(i);
        }
        if self.dice.percent(30) {
            let mut rows = "name,arrival_s,duration_s,cpu_milli,memory_bytes,priority\n".to_owned();
            let mut at = 0;
            for i in 0..self.dice.from(1, 40) {
                at += self.dice.from(0, 60);
                let duration = if self.dice.percent(90) { self.dice.from(0, 900).to_string() } else { String::new() };
                line!(rows, "row-{i},{at}.5,{duration},{},1048576,{}", self.dice.from(0, 4000), self.dice.from(0, 3));
            }
            self.pods = Some(rows);
            line!(self.scenario, "    - trace: {{ format: csv, pods: pods.csv }}");
        }
        for i in 0..self.dice.from(0, 2) {
            self.deployment(i);
        }
        for i in 0..self.dice.from(0, 2) {
            self.job(i);
        }
        if self.dice.percent(40) {
            self.quota();
        }
    }

    fn generator(&mut self, i: u64) {
        let arrivals = match self.dice.from(0, 2) {
            0 => format!("poisson: {{ perHour: {} }}", self.dice.from(10, 2000)),
            1 => format!("constant: {{ every: {}s }}", self.dice.from(1, 60)),
            _ => "allAtOnce: {}".to_owned(),
        };
        line!(self.scenario, "    - generate:\n        name: gen{i}\n        arrivals: {{ {arrivals} }}");
        let most = if self.is_large { 1500 } else { 60 };
        line!(self.scenario, "        count: {}", self.dice.from(most / 60, most));
        if self.dice.percent(85) {
            let times = self.times(if self.is_large { 60 } else { 900 });
            line!(self.scenario, "        duration: {times}");
        }
        if self.dice.percent(30) {
            line!(self.scenario, "        failureProbability: 0.3");
        }
        if self.dice.percent(20) {
            line!(self.scenario, "        namespace: other");
        }
        line!(self.scenario, "        shapes:");
        for _ in 0..self.dice.from(1, 3) {
            if self.dice.percent(40) {
                let template = self.pod(&format!("gen{i}"), None, "Never");
                line!(self.scenario, "          - {{ template: {{ {template} }} }}");
                continue;
            }
            let mut shape =
                format!("requests: {{ cpu: {}m, memory: {}Mi }}", self.dice.from(0, 4000), self.dice.from(0, 4096));
            if self.dice.percent(20) {
                let (count, milli) = (self.dice.from(1, 2), self.dice.from(1, 1000));
                let _ = write!(shape, ", gpu: {{ count: {count}, milli: {milli} }}");
            }
            if self.dice.percent(15) {
                let _ =
                    write!(shape, ", nodeSelector: {{ topology.kubernetes.io/zone: {} }}", self.dice.one(&["a", "b"]));
            }
            if self.dice.percent(30) {
                let _ = write!(shape, ", tolerations: [{{ key: dedicated, operator: Exists }}]");
            }
            if self.dice.percent(15) {
                let _ = write!(shape, ", priorityClass: high");
            }
            line!(self.scenario, "          - {{ {shape} }}");
        }
    }

    /// The metadata and specification of a pod of this application.
    fn pod(&mut self, app: &str, run_time: Option<u64>, restart: &str) -> String {
        let (cpu, grace) = (self.dice.from(0, 3000), self.dice.from(0, 60));
        let mut annotations = String::new();
        if let Some(seconds) = run_time {
            let fails = if self.dice.percent(20) { ", towtank.dev/exit-code: \"1\"" } else { "" };
            annotations = format!(", annotations: {{ towtank.dev/run-time: {seconds}s{fails} }}");
        }
        let tier = if self.dice.percent(40) { format!(", tier: t{}", self.dice.from(0, 2)) } else { String::new() };
        let port = if self.dice.percent(10) { ", ports: [{ containerPort: 80, hostPort: 80 }]" } else { "" };
        let resources = format!("resources: {{ requests: {{ cpu: {cpu}m, memory: 64Mi }} }}");
        let mut more = String::new();
        if self.has_terms {
            more += &terms(&mut self.dice, app);
        }
        more += &self.claims.of_pod(&mut self.dice);
        if self.configuration.as_ref().is_some_and(|text| text.contains(SECOND)) && self.dice.percent(40) {
            let _ = write!(more, ", schedulerName: {SECOND}");
        }
        if self.dice.percent(10) {
            let cpu = self.dice.from(0, 4000);
            let _ = write!(
                more,
                ", initContainers: [{{ name: before, image: x, resources: {{ requests: {{ cpu: {cpu}m }} }} }}]"
            );
        }
        format!(
            "metadata: {{ labels: {{ app: {app}{tier} }}{annotations} }}, spec: {{ restartPolicy: {restart}, \
             terminationGracePeriodSeconds: {grace}, containers: [{{ name: main, image: x, {resources}{port} }}]{more} }}"
        )
    }

    fn arrival(&mut self) -> String {
        if !self.dice.percent(40) {
            return String::new();
        }
        format!(", annotations: {{ towtank.dev/arrival: {} }}", self.seconds(900))
    }

    fn deployment(&mut self, i: u64) {
        let (replicas, arrival, app) = (self.dice.from(0, 12), self.arrival(), format!("app{i}"));
        let template = self.pod(&app, None, "Always");
        line!(self.apps, "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{ name: {app}{arrival} }}\nspec:");
        line!(
            self.apps,
            "  replicas: {replicas}\n  selector: {{ matchLabels: {{ app: {app} }} }}\n  template: {{ {template} }}"
        );
        if self.dice.percent(40) {
            let budget =
                self.dice.one(&["maxUnavailable: 1", "maxUnavailable: 0", "minAvailable: 50%", "minAvailable: 2"]);
            line!(self.apps, "---\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {{ name: {app} }}");
            line!(self.apps, "spec: {{ {budget}, selector: {{ matchLabels: {{ app: {app} }} }} }}");
        }
        if self.dice.percent(40) {
            line!(
                self.apps,
                "---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {{ name: {app} }}"
            );
            line!(self.apps, "spec:\n  scaleTargetRef: {{ apiVersion: apps/v1, kind: Deployment, name: {app} }}");
            line!(self.apps, "  minReplicas: {}\n  maxReplicas: {}", self.dice.from(1, 3), self.dice.from(3, 20));
            line!(
                self.apps,
                "  metrics: [{{ type: Resource, resource: {{ name: cpu, target: {{ type: Utilization, averageUtilization: 60 }} }} }}]"
            );
        }
    }

    fn job(&mut self, i: u64) {
        let (arrival, app, run_time) = (self.arrival(), format!("job{i}"), self.dice.from(0, 600));
        let restart = self.dice.one(&["Never", "OnFailure"]);
        let run_time = self.dice.percent(95).then_some(run_time);
        let template = self.pod(&app, run_time, restart);
        line!(
            self.apps,
            "---\napiVersion: batch/v1\nkind: Job\nmetadata: {{ name: {app}{arrival} }}\nspec:\n  template: {{ {template} }}"
        );
        line!(self.apps, "  completions: {}\n  parallelism: {}", self.dice.from(1, 12), self.dice.from(1, 5));
        line!(self.apps, "  backoffLimit: {}", self.dice.from(0, 6));
        if self.dice.percent(20) {
            line!(self.apps, "  activeDeadlineSeconds: {}", self.dice.from(1, 1200));
        }
        if self.dice.percent(30) {
            line!(self.apps, "  ttlSecondsAfterFinished: {}", self.dice.from(0, 300));
        }
    }

    fn quota(&mut self) {
        let hard = match self.dice.from(0, 2) {
            0 => format!("pods: \"{}\"", self.dice.from(0, 20)),
            1 => format!("requests.cpu: \"{}\", count/pods: \"{}\"", self.dice.from(1, 20), self.dice.from(5, 40)),
            _ => format!("requests.memory: {}Gi", self.dice.from(1, 20)),
        };
        let arrival = self.arrival();
        line!(
            self.apps,
            "---\napiVersion: v1\nkind: ResourceQuota\nmetadata: {{ name: q{arrival} }}\nspec: {{ hard: {{ {hard} }} }}"
        );
    }

    fn scheduler(&mut self) {
        let tie_break = self.dice.one(&["random", "first", "heap"]);
        let policy = self.dice.one(&POLICIES);
        let (half, whole) = (self.dice.from(1, 5), self.dice.from(1, 5));
        line!(self.scenario, "  targetWorkload:\n    shapes:");
        line!(self.scenario, "      - {{ weight: {half}, cpu: 500m, gpus: 1, gpuMilli: 500 }}");
        line!(self.scenario, "      - {{ weight: {whole}, cpu: 1, gpus: 2 }}\n      - {{ weight: 2, cpu: 1 }}");
        let decided = if self.configuration.is_some() {
            "config: kube-scheduler.yaml".to_owned()
        } else {
            format!("policy: {policy}")
        };
        line!(self.scenario, "  scheduler:\n    {decided}\n    tieBreak: {tie_break}");
        match self.dice.from(0, 3) {
            0 => line!(self.scenario, "    latency: {{ constant: {}ms }}", self.dice.from(1, 5000)),
            1 => {
                line!(self.scenario, "    latency: {{ perNode: {{ base: 1ms, each: {}ms }} }}", self.dice.from(1, 500));
            }
            _ => {}
        }
        if self.dice.percent(60) {
            let (start, stop) = (self.times(60), self.times(60));
            line!(self.scenario, "  kubelet:\n    startLatency: {start}\n    stopLatency: {stop}");
            for part in ["pullLatency", "initLatency", "readyLatency"] {
                if self.dice.percent(30) {
                    let times = self.times(40);
                    line!(self.scenario, "    {part}: {times}");
                }
            }
        }
        if self.dice.percent(50) {
            let times = self.times(90);
            line!(self.scenario, "  storage:\n    provisioningLatency: {times}");
        }
    }

    fn autoscaling(&mut self) {
        line!(self.scenario, "  autoscaling:");
        let unneeded = self.dice.from(1, 15);
        line!(
            self.scenario,
            "    cluster: {{ scaleDownUnneededTime: {unneeded}m, scaleDownDelayAfterAdd: {unneeded}m }}"
        );
        if self.dice.percent(50) {
            line!(self.scenario, "    nodeGroups:");
            for i in 0..self.dice.from(1, 2) {
                let (min, more, template) = (self.dice.from(0, 2), self.dice.from(1, 6), self.node_template());
                let delay = self.times(400);
                line!(self.scenario, "      - name: group{i}\n        min: {min}\n        max: {}", min + more);
                line!(self.scenario, "        initial: {}", self.dice.from(min, min + more));
                line!(self.scenario, "        zones: [a, b]\n        template: {{ {template} }}");
                line!(self.scenario, "        provisioningDelay: {delay}");
            }
        }
        let scaled: Vec<String> = (0..2)
            .map(|i| format!("app{i}"))
            .filter(|app| self.apps.contains(&format!("HorizontalPodAutoscaler\nmetadata: {{ name: {app} }}")))
            .collect();
        if !scaled.is_empty() {
            line!(self.scenario, "    load:");
        }
        for app in scaled {
            let (a, b, at) = (self.dice.from(0, 10), self.dice.from(0, 10), self.dice.from(1, 3600));
            line!(
                self.scenario,
                "      - {{ autoscaler: {app}, curve: {{ steps: {{ points: [[0s, {a}], [{at}s, {b}]] }} }} }}"
            );
        }
    }

    fn disruptions(&mut self) {
        let count = self.dice.from(0, 3);
        if count > 0 {
            line!(self.scenario, "  disruptions:");
        }
        for _ in 0..count {
            let at = self.seconds(1800);
            let nodes =
                self.dice.one(&["zone: a", "fraction: 0.5", "names: [pool0-0, machine-0, group0-1]", "fraction: 1.0"]);
            match self.dice.from(0, 2) {
                0 => {
                    let duration = if self.dice.percent(80) {
                        format!(", duration: {}s", self.dice.from(1, 1800))
                    } else {
                        String::new()
                    };
                    line!(self.scenario, "    - failure: {{ at: {at}, nodes: {{ {nodes} }}{duration} }}");
                }
                1 if self.random_failures => {
                    let (fail, repair) = (self.times(3600), self.times(900));
                    line!(
                        self.scenario,
                        "    - randomFailures: {{ nodes: {{ {nodes} }}, timeToFailure: {fail}, timeToRepair: {repair} }}"
                    );
                }
                _ => {
                    let then = match self.dice.from(0, 2) {
                        0 => String::new(),
                        1 => format!(", uncordonAfter: {}", self.seconds(300)),
                        _ => format!(", deleteAfter: {}", self.seconds(300)),
                    };
                    let timeout = if self.dice.percent(40) {
                        format!(", timeout: {}s", self.dice.from(1, 600))
                    } else {
                        String::new()
                    };
                    let parallel = self.dice.from(1, 3);
                    line!(
                        self.scenario,
                        "    - drain: {{ at: {at}, nodes: {{ {nodes} }}, parallel: {parallel}{timeout}{then} }}"
                    );
                }
            }
        }
    }
}
