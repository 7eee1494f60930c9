# Opens the desk with nothing but Python 3.11 or newer on the machine. What it does, and every command: .\run.ps1 --help
# This file only finds a Python; scripts\start does the work, so that Windows, Linux and macOS share one way.
# If Windows refuses to run scripts:  powershell -ExecutionPolicy Bypass -File run.ps1

$here = Split-Path -Parent $MyInvocation.MyCommand.Path
$start = Join-Path (Join-Path $here "scripts") "start"

# Each candidate is a program and the arguments before ours; "py" is the launcher that python.org installs.
$candidates = @(
    @((Join-Path (Join-Path $here ".venv") "Scripts\python.exe")),
    @("py", "-3.14"), @("py", "-3.13"), @("py", "-3.12"), @("py", "-3.11"),
    @("python3"), @("python")
)

foreach ($candidate in $candidates) {
    $program = $candidate[0]
    $before = @($candidate | Select-Object -Skip 1)
    if (-not (Get-Command $program -ErrorAction SilentlyContinue)) { continue }
    # The Store's placeholder named python.exe prints an advertisement and fails; so does a version that is not there.
    # No quotes and no < in the test: Windows PowerShell 5 would take them apart on the way to the program.
    & $program @before -I -c "import sys, venv, ensurepip; sys.exit(sys.hexversion // 65536 not in range(779, 1024))" 2>&1 | Out-Null
    if ($LASTEXITCODE -ne 0) { continue }
    & $program @before -I $start @args
    exit $LASTEXITCODE
}

[Console]::Error.WriteLine("The desk needs Python 3.11 or newer, and none was found; install it from https://www.python.org/downloads/ and run this again.")
exit 1
