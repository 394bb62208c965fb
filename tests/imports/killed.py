"""An import that is killed at a given point; run as a program by test_killed."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from gongzhi.imports import engine
from gongzhi.imports.session import open_session
from gongzhi.privacy import Privacy
from gongzhi.registry import import_members
from gongzhi.registry.imports import MEMBERS


def say(*words):
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def die():
    os.kill(os.getpid(), signal.SIGKILL)


def arm(point):
    """Have the process killed when it comes to the point."""
    write = import_members.MemberPlan.write
    insert = engine.Run.insert

    async def dying_write(plan, run, batch_id):
        if point == "batch":
            die()
        await write(plan, run, batch_id)
        if point == "written":
            die()

    async def dying_insert(run, table, columns, rows, total):
        def dying_rows():
            for number, row in enumerate(rows):
                if f"{table} {number}" == point:
                    die()
                yield row

        await insert(run, table, columns, dying_rows(), total)

    import_members.MemberPlan.write = dying_write
    engine.Run.insert = dying_insert


async def main(url, path, secret, point):
    arm(point)

    def tell(step, done, _total):
        say(step, done)

    async with open_session(url) as session:
        report = await engine.apply(
            session, MEMBERS, Path(path), privacy=Privacy(secret), progress=tell
        )
        if point == "committed":
            die()
    say("done", report.created)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
