namespace Headwater.Lab.Catalogue;

/// <summary>What becomes of the copies themselves.</summary>
static class ReplicaScenarios
{
    public static readonly Scenario CrashSafeReplica = new()
    {
        Name = "crash-safe-replica",
        Seconds = 16,
        Title = new("The replica that forgot a row", "행 하나를 잊은 복제본"),
        Question = new("The replica was killed and is back, without an error. Has it everything?", "복제본이 강제 종료되었다가 오류 없이 돌아왔다. 정말 빠진 것이 없을까?"),
        Anomaly = new("rows that the replica lacks for ever", "복제본에 영영 없는 행"),
        Without = new("its position is in a MyISAM table", "위치를 MyISAM 테이블에 저장함"),
        With = new("its position is in an InnoDB table", "위치를 InnoDB 테이블에 저장함"),
        Explanation =
        [
            new("A replica notes how far it has applied the log in mysql.gtid_slave_pos, and after a crash goes on from what it reads there.",
                "복제본은 로그를 어디까지 적용했는지 mysql.gtid_slave_pos에 적어 두고, 비정상 종료 뒤에는 거기에 적힌 곳부터 이어 갑니다."),
            new("In a table of an engine without transactions the note is on disk before the transaction is, so a kill between the two leaves a position that claims a row that is not there.",
                "트랜잭션이 없는 엔진의 테이블이라면 이 기록이 트랜잭션보다 먼저 저장되므로, 그 사이에 강제 종료되면 있지도 않은 행을 적용했다고 주장하는 위치가 남습니다."),
            new("Nothing says so: replication runs, no error is shown, it is zero seconds behind, and the row is never asked for again.",
                "아무 데도 드러나지 않습니다. 복제는 돌아가고 오류도 없고 지연은 0초이며, 그 행을 다시 달라고 하는 일은 없습니다."),
            new("In InnoDB, MariaDB's default, position and rows are one transaction and a crash keeps both or neither; headwater up moreover sets the position at each start from the server's own log.",
                "MariaDB의 기본값인 InnoDB에서는 위치와 행이 한 트랜잭션이므로 비정상 종료 뒤에 둘 다 있거나 둘 다 없고, headwater up은 여기에 더해 시작할 때마다 서버 자신의 로그로 위치를 정합니다."),
            new("If a replica's past is not known, headwater verify compares it with the primary while both work, and names each row that differs.",
                "복제본의 과거를 알 수 없다면 headwater verify가 두 서버가 일하는 동안 프라이머리와 비교해 다른 행을 하나하나 짚어 줍니다."),
        ],
        Demand = Demand.Gone(50),
    };

    public static readonly Scenario BrokenRing = new()
    {
        Name = "broken-ring",
        Seconds = 16,
        Title = new("The broken ring", "끊어진 링"),
        Question = new("Three servers replicate in a circle. Who misses what when one of them dies?", "서버 셋이 원을 그리며 복제한다. 하나가 죽으면 누가 무엇을 놓칠까?"),
        Anomaly = new("orders that a surviving member lacks", "살아남은 멤버에게 없는 주문"),
        Without = new("nobody keeps the ring", "링을 돌보는 이가 없음"),
        With = new("Headwater's controller keeps it (shape: ring)", "Headwater의 컨트롤러가 링을 돌봄(shape: ring)"),
        Explanation =
        [
            new("In a ring each member follows the one before it, so every order reaches everybody by way of everybody.",
                "링에서는 멤버마다 바로 앞 멤버를 뒤따르므로, 모든 주문은 모두를 거쳐 모두에게 도착합니다."),
            new("When db2 dies, db3 follows a server that is not there: what is written at db1 does not reach it, while db1 still gets what is written at db3.",
                "db2가 죽으면 db3은 없는 서버를 뒤따르게 되어 db1에 쓴 것을 받지 못하지만, db1은 db3에 쓴 것을 여전히 받습니다."),
            new("Both go on taking writes and both look well, and their data part with every order.",
                "둘 다 계속 쓰기를 받고 둘 다 멀쩡해 보이지만, 주문이 들어올 때마다 데이터가 갈라집니다."),
            new("With control.shape: ring, Headwater has db3 follow db1 as soon as db2 has been gone for a second, from the position of each member's own domain, so nothing is skipped and nothing comes twice.",
                "control.shape: ring이면 Headwater는 db2가 1초 동안 보이지 않는 즉시 db3이 db1을 뒤따르게 하며, 멤버마다 따로 있는 도메인의 위치부터 이어 가므로 빠지는 것도 두 번 오는 것도 없습니다."),
            new("When db2 is back the ring is opened for it again, and what it alone had comes back with it.",
                "db2가 돌아오면 링을 다시 열어 받아들이고, db2만 갖고 있던 것도 함께 돌아옵니다."),
        ],
        Demand = Demand.Gone(50),
    };
}
