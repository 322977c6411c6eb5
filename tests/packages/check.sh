#!/usr/bin/env bash
# Packs TreeRl.Core and TreeRl.Fsharp into a folder of their own, and uses them as a stranger does: outside the repository, with an empty
# package cache, from a bare F# script and from a C# program. From nuget.org comes FSharp.Core only. Needs a Release build.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
away=$(mktemp -d)
trap 'rm -rf "$away"' EXIT
feed="$away/feed"

fail() {
    echo "packages: $1" >&2
    [ $# -gt 1 ] && tail -n 40 "$2" >&2
    exit 1
}
# has FILE TEXT: the text stands in the file.
has() { grep -qF -- "$2" "$1" || fail "'$2' is missing in:" "$1"; }

for project in TreeRl.Core TreeRl.Fsharp; do
    dotnet pack "$root/src/$project" -c Release --no-build -o "$feed" -nologo -v quiet >"$away/pack" 2>&1 || fail "pack of $project" "$away/pack"
done
cd "$away"
for file in TreeRl.Core TreeRl.Fsharp; do
    [ -f "$feed/$file.0.1.0.snupkg" ] || fail "no symbols of $file"
    unzip -l "$feed/$file.0.1.0.nupkg" >"$away/$file.list"
    for part in "lib/net10.0/$file.dll" "lib/net10.0/$file.xml" README.md; do has "$away/$file.list" "$part"; done
done
for part in content/TreeRl.Fsharp.fsx policies/arith/model.safetensors buildTransitive/TreeRl.Fsharp.targets; do
    has "$away/TreeRl.Fsharp.list" "$part"
done

# The policy must come from the package: neither the environment nor a folder above may offer one.
unset TREERL_POLICIES
export NUGET_PACKAGES="$away/cache"
mkdir "$away/script" "$away/core"
sed "s|@FEED@|$feed|" "$here/quickstart.fsx.in" >"$away/script/quickstart.fsx"
cd "$away/script"
printf 'forest;;\n#quit;;\n' | dotnet fsi --nologo --use:quickstart.fsx >"$away/out" 2>&1 || fail "the bare script failed" "$away/out"
has "$away/out" "trained: 2 steps"
has "$away/out" "report: $away/script/runs/mine/report.html"
has "$away/out" "branchWhen           (entropyAbove 0.5)"
grep -qF '{Lines' "$away/out" && fail "the package's printers are not registered" "$away/out"
grep -q 'error' "$away/out" && fail "the bare script shows an error" "$away/out"

cp "$here/core/Program.cs" "$here/core/core.csproj" "$away/core"
cd "$away/core"
cat >nuget.config <<END
<configuration>
  <packageSources>
    <add key="feed" value="$feed" />
  </packageSources>
</configuration>
END
dotnet build -c Release -nologo -v quiet >"$away/build" 2>&1 || fail "the C# program does not build" "$away/build"
dotnet bin/Release/net10.0/core.dll >"$away/out" 2>&1 || fail "the C# program failed" "$away/out"
has "$away/out" "core: whole"
echo "packages: 2 packed; a script and a program use them"
