#!/usr/bin/env python3
"""The page of a running training in a real browser.   tests/watch/browser.py LEMNOS WORK_FOLDER [chromium]

Trains digits with `lemnos train --watch`, opens the page in a Chromium without a window, looks at what is drawn, clicks
every button and sees what it did, and leaves screenshots in WORK_FOLDER. Status 77: there is no Chromium.
"""
import base64
import fcntl
import json
import os
import re
import select
import shutil
import subprocess
import sys
import time

PATIENCE = 60  # seconds, for whatever is waited for


def find_browser():
    for name in sys.argv[3:] or ("chromium", "chromium-headless-shell", "chromium-browser", "google-chrome"):
        path = shutil.which(name)
        if path:
            return path
    print("no Chromium on this machine: the package chromium")
    sys.exit(77)


class Browser:
    """Chromium by its DevTools protocol, through two pipes: messages of JSON that end with a NUL."""

    def __init__(self, path, folder):
        to_read, self.write_end = os.pipe()
        self.read_end, to_write = os.pipe()
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (to_read, to_write)]

        def take_ends():  # where the browser looks for them
            os.dup2(ends[0], 3)
            os.dup2(ends[1], 4)

        flags = ["--headless", "--remote-debugging-pipe", "--disable-gpu", "--no-first-run", "--hide-scrollbars",
                 "--disable-background-networking", "--disable-component-update", "--disable-sync",
                 "--disable-dev-shm-usage", "--user-data-dir=" + os.path.join(folder, "profile")]
        if os.geteuid() == 0:
            flags.append("--no-sandbox")
        with open(os.path.join(folder, "browser.log"), "wb") as log:
            self.process = subprocess.Popen([path, *flags, "about:blank"], preexec_fn=take_ends, pass_fds=(3, 4),
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        for end in (to_read, to_write, *ends):
            os.close(end)
        self.rest, self.count, self.session = b"", 0, None
        self.requests, self.errors = [], []

    def attach(self, url):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(domain + ".enable")
        self.call("Page.navigate", url=url)

    def receive(self, until):
        while b"\0" not in self.rest:
            if not select.select([self.read_end], [], [], max(0, until - time.monotonic()))[0]:
                raise SystemExit("FAILED: the browser does not answer")
            got = os.read(self.read_end, 1 << 20)
            if not got:
                raise SystemExit("FAILED: the browser ended")
            self.rest += got
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **parameters):
        self.count += 1
        message = {"id": self.count, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.write_end, json.dumps(message).encode() + b"\0")
        until = time.monotonic() + PATIENCE
        while True:
            told = self.receive(until)
            if told.get("id") == self.count:
                if "error" in told:
                    raise SystemExit(f"FAILED: {method}: {told['error']}")
                return told["result"]
            self.note(told)

    def note(self, told):
        what, about = told.get("method"), told.get("params", {})
        if what == "Network.requestWillBeSent":
            self.requests.append(about["request"]["url"])
        elif what == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(about["exceptionDetails"])[:500])
        elif what == "Log.entryAdded" and about["entry"]["level"] == "error":
            self.errors.append(about["entry"]["text"] + " " + about["entry"].get("url", ""))

    def value(self, script):
        return self.call("Runtime.evaluate", expression=script, returnByValue=True)["result"].get("value")

    def wait(self, script, what):
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            found = self.value(script)
            if found:
                return found
            time.sleep(0.1)
        raise SystemExit(f"FAILED: {what}: not within {PATIENCE} s; the page says: "
                         + str(self.value("document.body.innerText"))[:1500])

    def click(self, button):
        self.value(f"document.getElementById('{button}').click()")

    def look(self, width, height, dark, path, scale=1):
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale,
                  mobile=width < 500)
        time.sleep(0.6)  # it draws anew a moment after it was resized
        wide = self.value("document.documentElement.scrollWidth")
        expect(wide <= width, f"at {width} pixels the page is {wide} wide")
        tall = self.value("document.documentElement.scrollHeight")
        picture = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True,
                            clip={"x": 0, "y": 0, "width": width, "height": tall, "scale": 1})
        with open(path, "wb") as file:
            file.write(base64.b64decode(picture["data"]))

    def close(self):
        self.process.kill()
        self.process.wait()


failures = []


def expect(holds, what):
    if not holds:
        failures.append(what)
        print("FAILED:", what)


def start_training(lemnos, folder):
    log = open(os.path.join(folder, "train.log"), "w+")
    training = subprocess.Popen(
        [lemnos, "train", "mlp", "--device", os.environ.get("WATCH_DEVICE", "cpu"), "--hidden", "32", "--epochs", "100000",
         "--schedule", "constant", "--watch", "0", "--out", os.path.join(folder, "run")],
        stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and training.poll() is None:
        with open(log.name) as file:
            found = re.search(r"http://127\.0\.0\.1:\d+/\?token=\w+", file.read())
        if found:
            return training, found.group()
        time.sleep(0.1)
    training.kill()
    raise SystemExit("FAILED: no address in " + open(log.name).read())


def see_everything(page):
    page.wait("document.querySelectorAll('#loss path').length >= 2", "the curve of the loss")
    page.wait("document.querySelectorAll('#accuracy path').length >= 2", "the curve of the accuracy")
    page.wait("document.querySelectorAll('#rate path').length == 1", "the learning rate")
    page.wait("document.querySelectorAll('#layers > div').length == 4", "two layers' weights and biases")
    page.wait("document.querySelectorAll('#layers svg').length == 8", "histograms of weights and gradients")
    page.wait("document.querySelectorAll('#confusion rect').length == 100", "the confusion matrix of ten classes")
    page.wait("document.querySelectorAll('#examples canvas').length == 12", "twelve predictions")
    page.wait("document.querySelectorAll('#memory tr').length >= 7", "the memory")


def use_everything(page, folder):
    page.click("measure")
    page.wait("document.querySelectorAll('#timeline rect').length > 10", "the launches of a step")
    page.wait("parts.epochs && parts.epochs.steps.length >= 2", "two epochs")
    page.click("pause")
    page.wait("document.getElementById('status').textContent == 'paused'", "the pause")
    at, before = page.value("parts.run.step"), -1
    until = time.monotonic() + PATIENCE
    while at != before and time.monotonic() < until:  # the steps that were under way, or an epoch's validation
        time.sleep(1.5)
        at, before = page.value("parts.run.step"), at
    expect(at == before, "it went on in the pause")
    page.look(1280, 800, False, os.path.join(folder, "light.png"))
    page.look(1280, 800, True, os.path.join(folder, "dark.png"))
    page.look(390, 844, False, os.path.join(folder, "phone.png"))
    page.look(1280, 800, False, os.path.join(folder, "light.png"))
    page.call("Page.reload")
    page.wait("parts.run && parts.run.paused && document.getElementById('pause').textContent == 'Continue'",
              "the pause, after a reload")
    see_everything(page)
    page.click("half")
    page.wait("parts.run.rate_factor == 0.5", "half the learning rate")
    page.click("tenth")
    page.wait("Math.abs(parts.run.rate_factor - .05) < 1e-6", "a tenth of that")
    page.click("double")
    page.wait("Math.abs(parts.run.rate_factor - .1) < 1e-6", "twice that")
    page.click("pause")
    page.wait(f"!parts.run.paused && parts.run.step > {at}", "that it goes on")


def main():
    lemnos, folder = sys.argv[1], os.path.abspath(sys.argv[2])
    browser_path = find_browser()
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    training, address = start_training(lemnos, folder)
    page = Browser(browser_path, folder)
    try:
        page.attach(address)
        see_everything(page)
        use_everything(page, folder)
        page.click("stop")
        time.sleep(0.5)
        expect(training.poll() is None and not page.value("parts.run.ended"), "one click stopped it")
        page.click("stop")
        page.wait("document.getElementById('status').textContent == 'ended: stopped from the page'", "the end")
        expect(training.wait(PATIENCE) == 0, f"the training ended with status {training.returncode}")
        time.sleep(1.5)
        expect(page.value("document.getElementById('status').textContent").startswith("ended"),
               "the page forgets how the run ended when its server has gone")
        with open(os.path.join(folder, "run", "history.json")) as file:
            expect(json.load(file)["stopped"] == "stopped from the page", "the history does not say who stopped it")
        ours = address.split("/?")[0] + "/"
        outside = {url for url in page.requests if not url.startswith((ours, "data:"))}
        expect(not outside, f"the page asked for {outside}")
        # When the training has ended, nobody answers; before that there is no error at all.
        errors = [error for error in page.errors if "ERR_CONNECTION_REFUSED" not in error]
        expect(not errors, f"the page has errors: {errors}")
    finally:
        page.close()
        if training.poll() is None:
            training.kill()
            training.wait()
    if failures:
        sys.exit(1)
    print("browser: all as expected; screenshots in", folder)


main()
